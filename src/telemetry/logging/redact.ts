const USER_INFO = /:\/\/[^\s/]*@/g;
const SECRET_NAME = /(?:password|secret|token|authorization|credentials?)$/i;
const LONGEST_STRING = 16_384;

/**
 * Takes the user information out of every URL in a text: `redis://:pw@host/0` → `redis://***@host/0`.
 * The whole of it, because Redis URLs may hold a password where others have the user's name. Messages
 * should not contain secrets in the first place; this is the last line of defence.
 */
export function redact(text: string): string {
  return text.includes("://") ? text.replace(USER_INFO, "://***@") : text;
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
  if (typeof value === "string") return SECRET_NAME.test(name) ? "***" : printable(value);
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Error) return printable(value.message);
  return value;
}

/** Redacts and cuts what is too long for a log. */
export function printable(text: string): string {
  const redacted = redact(text);
  if (redacted.length <= LONGEST_STRING) return redacted;
  const rest = redacted.length - LONGEST_STRING;
  return `${redacted.slice(0, LONGEST_STRING)}… (${rest} more characters)`;
}
