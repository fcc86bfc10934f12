/** Text of a user in a message: quoted, control characters escaped, cut if it is long. */
export function quote(text: string): string {
  return JSON.stringify(shorten(text));
}

/**
 * A URI in a message, without what may be secret: everything before the last `@` (in a mistyped URI
 * the password may stand anywhere there) and the query, which may hold a signature.
 */
export function quoteUri(uri: string): string {
  const at = uri.lastIndexOf("@");
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(uri)?.[0] ?? "";
  const bare = at < 0 ? uri : `${scheme}***${uri.slice(at)}`;
  const query = bare.indexOf("?");
  return quote(query < 0 ? bare : `${bare.slice(0, query)}?…`);
}

const maxShown = 100;

/** Text of unknown length, as long as a message may show it. */
export function shorten(text: string): string {
  return text.length > maxShown ? `${text.slice(0, maxShown - 1)}…`.toWellFormed() : text;
}

const userInfo = /:\/\/[^\s/]*@/g;
const secretName = /(?:password|secret|token|authorization|credentials?)$/i;
const maxLogged = 16_384;

/**
 * Takes the user information out of every URL in a text: `redis://:pw@host/0` → `redis://***@host/0`.
 * The whole of it, because Redis URLs may hold a password where others have the user's name. Messages
 * should not contain secrets in the first place; this is the last line of defence.
 */
export function redact(text: string): string {
  return text.includes("://") ? text.replace(userInfo, "://***@") : text;
}

/**
 * Any value as JSON on one line: secrets redacted, long strings cut; never throws.
 * @param name what the value is called: `password`, `clientSecret` and the like are not printed.
 */
export function redactedJson(value: unknown, name = ""): string {
  try {
    return JSON.stringify(replacer(name, value), replacer) ?? "null";
  } catch {
    return '"(cannot be printed)"';
  }
}

function replacer(name: string, value: unknown): unknown {
  if (typeof value === "string") return secretName.test(name) ? "***" : printable(value);
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Error) return printable(value.message);
  return value;
}

/** Redacts and cuts what is too long for a log. */
export function printable(text: string): string {
  const redacted = redact(text);
  if (redacted.length <= maxLogged) return redacted;
  const rest = redacted.length - maxLogged;
  return `${redacted.slice(0, maxLogged)}… (${rest} more characters)`;
}

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
