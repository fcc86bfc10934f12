const userInfo = /:\/\/[^\s/]*@/g;
const secretName = /(?:password|secret|token|authorization|credentials?)$/i;
const longestString = 16_384;

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
  if (redacted.length <= longestString) return redacted;
  const rest = redacted.length - longestString;
  return `${redacted.slice(0, longestString)}… (${rest} more characters)`;
}
