/** The head of an HTTP/1.1 request (RFC 9112 §3 to §6). */
export interface RequestHead {
  readonly method: string;
  /** Path and query as the client wrote them, without scheme and authority; `*` with OPTIONS. */
  readonly target: string;
  /** By lower-case names; the values of a repeated field are joined (RFC 9110 §5.3). */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of the body, or chunks whose sum nobody knows yet. */
  readonly body: number | "chunked";
  readonly version: "1.0" | "1.1";
  /** The client wants to use the connection for its next request, too. */
  readonly keepAlive: boolean;
  /** The client sends the body once it is told to (RFC 9110 §10.1.1). */
  readonly expectsContinue: boolean;
}

/** The status line of the answer to a head that is not taken. */
export type HeadRefusal =
  | "400 Bad Request"
  | "417 Expectation Failed"
  | "501 Not Implemented"
  | "505 HTTP Version Not Supported";

const badRequest = "400 Bad Request";

const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e\x80-\xff]+) HTTP\/(\d)\.(\d)$/;
/** Without obsolete folding or white space around it (RFC 9112 §5). */
const fieldName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const absoluteForm = /^https?:\/\/[^/?]*/i;
const decimal = /^\d{1,15}$/;

/**
 * Two readers that see different ends of one request are a security hole, so whatever can be read in two
 * ways is refused: two lengths, a length beside chunks, white space where none belongs.
 * @param text everything before the empty line, one character a byte
 */
export function parseRequestHead(text: string): RequestHead | HeadRefusal {
  let end = text.indexOf("\r\n");
  const parts = requestLine.exec(end < 0 ? text : text.slice(0, end));
  if (parts === null) return badRequest;
  const method = parts[1] as string;
  if (parts[3] !== "1") return "505 HTTP Version Not Supported";
  const version = parts[4] === "0" ? "1.0" : "1.1";
  const target = targetOf(method, parts[2] as string);
  if (target === undefined) return badRequest;

  const headers: Record<string, string> = Object.create(null);
  // Most of what a small request costs: one pass, and no lists of lines and matches.
  while (end >= 0) {
    const start = end + 2;
    end = text.indexOf("\r\n", start);
    const stop = end < 0 ? text.length : end;
    const colon = text.indexOf(":", start);
    if (colon < 0 || colon > stop) return badRequest;
    const lower = lowerName(text.slice(start, colon));
    const value = fieldValue(text, colon + 1, stop);
    if (lower === undefined || value === undefined) return badRequest;
    const before = headers[lower];
    if (before === undefined) headers[lower] = value;
    else if (onlyOnce.has(lower)) return badRequest;
    else headers[lower] = `${before}${lower === "cookie" ? "; " : ", "}${value}`;
  }

  // RFC 9112 §3.2: exactly one, which may be empty. What it says does not matter here.
  if (headers.host === undefined && version === "1.1") return badRequest;
  const body = bodyOf(headers, version);
  if (typeof body === "string" && body !== "chunked") return body;
  const expectation = version === "1.1" ? headers.expect?.toLowerCase() : undefined;
  if (expectation !== undefined && expectation !== "100-continue") return "417 Expectation Failed";
  return {
    method,
    target,
    headers,
    body,
    version,
    keepAlive: staysOpen(headers.connection, version),
    expectsContinue: expectation !== undefined,
  };
}

/** Names that differ in case are two. */
const maxKnownNames = 256;
const maxKnownNameBytes = 64;
const knownNames = new Map<string, string>();

/**
 * Clients use few names, and a known string is the cheaper key of an object: to write one that was just made
 * costs more than to read its field.
 * @returns undefined: it is no name of a field
 */
function lowerName(name: string): string | undefined {
  const known = knownNames.get(name);
  if (known !== undefined || !fieldName.test(name)) return known;
  const lower = name.toLowerCase();
  if (name.length > maxKnownNameBytes) return lower;
  if (knownNames.size >= maxKnownNames) knownNames.clear();
  knownNames.set(name, lower);
  return lower;
}

/** Without white space around it; undefined: there is a control character in it. */
function fieldValue(text: string, start: number, end: number): string | undefined {
  let from = start;
  let to = end;
  while (from < to && isSpace(text.charCodeAt(from))) from++;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if ((code < 0x20 && code !== tab) || code === 0x7f) return undefined;
  }
  return text.slice(from, to);
}

const tab = 9;
function isSpace(code: number): boolean {
  return code === 0x20 || code === tab;
}

/** Longer heads, and more of them, are not repeated to the letter. */
const maxKnownBytes = 1024;
const maxKnown = 256;

/** The end of a head: an empty line. */
export const headMark = "\r\n\r\n";

/** What was read. */
export interface ReadHead {
  readonly head: RequestHead | HeadRefusal;
  /** The same, and its end, as they were received; undefined: it has not come twice, or is too long to be remembered. */
  bytes: Buffer | undefined;
}

/**
 * Clients repeat themselves, on one connection and with a new one for each request: the heads that a server
 * has read, and what they said.
 */
export class KnownHeads {
  readonly #known = new Map<string, ReadHead>();

  /** As {@link parseRequestHead}. */
  read(text: string): ReadHead {
    const known = this.#known.get(text);
    if (known !== undefined) {
      known.bytes ??= Buffer.from(text + headMark, "latin1");
      return known;
    }
    const read = { head: parseRequestHead(text), bytes: undefined };
    if (text.length > maxKnownBytes) return read;
    if (this.#known.size >= maxKnown) this.#known.clear();
    this.#known.set(text, read);
    return read;
  }
}

const onlyOnce: ReadonlySet<string> = new Set(["host", "content-length", "transfer-encoding"]);

/** undefined: a form of target that no request to a server has (RFC 9112 §3.2). */
function targetOf(method: string, written: string): string | undefined {
  if (written === "*") return method === "OPTIONS" ? written : undefined;
  let target = written;
  if (!written.startsWith("/")) {
    if (!absoluteForm.test(written)) return undefined;
    target = written.replace(absoluteForm, "");
    if (!target.startsWith("/")) target = `/${target}`;
  }
  // Bytes beyond ASCII mean what they mean when they are percent-encoded.
  return target.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
}

function bodyOf(
  { "content-length": length, "transfer-encoding": encoding }: Readonly<Record<string, string>>,
  version: RequestHead["version"],
): RequestHead["body"] | HeadRefusal {
  if (encoding !== undefined) {
    // RFC 9112 §6.1: the sender may be after request smuggling.
    if (length !== undefined || version === "1.0") return badRequest;
    return encoding.toLowerCase() === "chunked" ? "chunked" : "501 Not Implemented";
  }
  if (length === undefined) return 0;
  return decimal.test(length) ? Number(length) : badRequest;
}

function staysOpen(connection: string | undefined, version: RequestHead["version"]): boolean {
  if (connection === undefined) return version === "1.1";
  const options = connection.toLowerCase().split(/[ \t]*,[ \t]*/);
  if (options.includes("close")) return false;
  return version === "1.1" || options.includes("keep-alive");
}
