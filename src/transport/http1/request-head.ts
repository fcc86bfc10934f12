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
/** Without control characters, after any white space. */
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;
const leadingSpace = /^[ \t]+/;
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
    const line = text.slice(start, end < 0 ? text.length : end);
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon));
    const written = line.slice(colon + 1);
    if (!fieldName.test(name) || !fieldValue.test(written)) return badRequest;
    const lower = name.toLowerCase();
    const value = written.replace(leadingSpace, "").trimEnd();
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

/** Longer heads, and more of them, are not repeated to the letter. */
const maxKnownBytes = 1024;
const maxKnown = 256;

/** The end of a head: an empty line. */
export const headMark = "\r\n\r\n";

/** What was read. */
export interface ReadHead {
  readonly head: RequestHead | HeadRefusal;
  /** The same, and its end, as they were received; undefined: it is too long to be remembered. */
  readonly bytes: Buffer | undefined;
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
    if (known !== undefined) return known;
    const head = parseRequestHead(text);
    if (text.length > maxKnownBytes) return { head, bytes: undefined };
    if (this.#known.size >= maxKnown) this.#known.clear();
    const read = { head, bytes: Buffer.from(text + headMark, "latin1") };
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
