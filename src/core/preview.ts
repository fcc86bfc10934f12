import { escapeControls } from "./visible.ts";

/**
 * Any value as JSON on one line, of which only the beginning is made if it is long: a value may hold another many
 * times over, so that its whole text is longer than the memory. What JSON has no text for is shown as JavaScript's.
 */
export function preview(value: unknown, max = 80): string {
  const text = escapeControls(write(value, max));
  return text.length > max ? `${text.slice(0, max - 1)}…`.toWellFormed() : text;
}

/** A text that is longer than `left` is as good as any. */
function write(value: unknown, left: number): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, Math.max(0, left) + 1));
  if (typeof value !== "object" || value === null) return String(value ?? null);
  const isList = Array.isArray(value);
  let text = isList ? "[" : "{";
  let separator = "";
  for (const name in value) {
    if (text.length > left) break;
    const label = isList ? "" : `${write(name, left - text.length)}: `;
    const member = (value as Readonly<Record<string, unknown>>)[name];
    text += separator + label + write(member, left - text.length - label.length);
    separator = ", ";
  }
  return text + (isList ? "]" : "}");
}
