import { printable } from "./redact.ts";

/**
 * Characters that steer a terminal or reorder what it shows: C0, DEL, C1, those of the bidirectional algorithm,
 * and the line separators that only some readers know.
 */
const controls = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

const code = (character: string, digits: number) =>
  character.charCodeAt(0).toString(16).padStart(digits, "0");

/** JSON that shows nothing but itself: what JSON lets stand raw is escaped as it escapes C0. */
export function escapeControls(json: string): string {
  return json.replace(controls, (character) => `\\u${code(character, 4)}`);
}

/**
 * Keeps text from the outside from forging entries or steering the terminal: control characters are
 * written as escapes, further lines are indented, secrets are not shown.
 */
export function visible(message: string): string {
  return printable(message).replace(controls, (character) => {
    if (character === "\n") return "\n  ";
    return character < "\u0100" ? `\\x${code(character, 2)}` : `\\u${code(character, 4)}`;
  });
}
