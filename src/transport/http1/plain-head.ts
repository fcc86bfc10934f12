/** The head of a request that is written as nearly all clients write it. */
export interface PlainHead {
  /** Path and query, as the client wrote them. */
  readonly target: string;
  /** By lower-case names, each once. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyLength: number;
}

const requestLine = /^POST (\/[\x21-\x7e]*) HTTP\/1\.1$/;
/** A field line without obsolete folding, control characters or bytes beyond ASCII (RFC 9112 §5). */
const fieldLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\t]*)$/;
const decimal = /^\d{1,9}$/;

/**
 * Reads the head of a POST with a `content-length` on a connection that stays open.
 *
 * There is no second opinion on such a head: a header that occurs twice, another framing, an
 * expectation or an upgrade, anything at all unusual, is left to a complete HTTP server.
 * @param text Everything before the empty line.
 * @returns undefined where the head is any other.
 */
export function parsePlainHead(text: string): PlainHead | undefined {
  const [first = "", ...lines] = text.split("\r\n");
  const target = requestLine.exec(first)?.[1];
  if (target === undefined) return undefined;
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const [, name, value] = fieldLine.exec(line) ?? [];
    if (name === undefined || value === undefined) return undefined;
    const lower = name.toLowerCase();
    if (lower in headers) return undefined;
    headers[lower] = value.trimEnd();
  }
  const { host, connection = "keep-alive", "content-length": length } = headers;
  if (host === undefined || connection.toLowerCase() !== "keep-alive") return undefined;
  if (length === undefined || !decimal.test(length)) return undefined;
  if ("transfer-encoding" in headers || "expect" in headers || "upgrade" in headers) {
    return undefined;
  }
  return { target, headers, bodyLength: Number(length) };
}
