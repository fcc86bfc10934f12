import type { Exchange, HeaderFields } from "../exchange.ts";
import { RequestBody } from "../request-body.ts";
import { BodyDecoder } from "./body-decoder.ts";
import type { ReceivedBytes } from "./received-bytes.ts";
import type { RequestHead } from "./request-head.ts";
import { type HeadEnd, statusLine } from "./response-head.ts";

/** What an exchange needs of the connection that it occupies. */
export interface ExchangeConnection {
  readonly secure: boolean;
  readonly remoteAddress: string | undefined;
  readonly received: ReceivedBytes;
  readonly headEnd: HeadEnd;
  /** Every answer that begins from now on is the last of its connection. */
  readonly draining: boolean;
  /** False: the client has to read what was written before there is more. */
  write(bytes: Uint8Array | string): boolean;
  readonly full: boolean;
  /** The body is read from now on, or no more. */
  updateReading(): void;
  /** The body is none: answers so if there is no answer yet, and closes. */
  refuseBody(answered: boolean): void;
  /** @param last nothing more is read from this connection */
  finish(last: boolean): void;
  destroy(): void;
}

/** Longer pieces are not copied to go out in one with what precedes them. */
const copiedBytes = 16 << 10;

type Framing = "none" | "length" | "chunks" | "until closed";

/** What no field of an answer may have in it (RFC 9110 §5.5): a client must not be able to make up fields. */
const forbidden = /[^\t\x20-\x7e\x80-\xff]/;
const tokens = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** A request over HTTP/1.1 and its answer. */
export class Http1Exchange implements Exchange {
  readonly method: string;
  readonly target: string;
  /** Its own, for tracing writes into them. */
  readonly headers: Record<string, string>;
  readonly #head: RequestHead;
  readonly #connection: ExchangeConnection;
  readonly #decoder: BodyDecoder;
  #body: RequestBody | undefined;
  /** The body has been asked for; it is being waited for; all of it was handed over. */
  #started = false;
  #wanted = false;
  #bodyEnded = false;
  #pumping = false;
  /** The head of the answer, as long as it has not been written. */
  #pending: { readonly status: number; readonly fields: HeaderFields } | undefined;
  #responded = false;
  #last = false;
  /** How the body of the answer is written. */
  #framing: Framing = "none";
  /** Bytes that the answer promises and that have not been written. */
  #promised = 0;
  #over = false;
  #gone = false;
  #onClose: (() => void) | undefined;
  #onDrain: (() => void) | undefined;

  constructor(head: RequestHead, connection: ExchangeConnection) {
    this.#head = head;
    this.#connection = connection;
    this.method = head.method;
    this.target = head.target;
    this.headers = { ...head.headers };
    this.#decoder = new BodyDecoder(head.body);
  }

  get httpVersion(): string {
    return this.#head.version;
  }
  get secure(): boolean {
    return this.#connection.secure;
  }
  get remoteAddress(): string | undefined {
    return this.#connection.remoteAddress;
  }
  get gone(): boolean {
    return this.#gone;
  }
  get body(): RequestBody {
    this.#body ??= new Http1Body(this.#onPull);
    return this.#body;
  }
  /** More of the body is to be received. */
  get readsBody(): boolean {
    return this.#wanted && !this.#decoder.complete;
  }

  readonly #onPull = (): void => {
    const asked = !this.#started && this.#head.expectsContinue && !this.#responded;
    if (asked && this.#connection.received.length === 0) {
      this.#connection.write("HTTP/1.1 100 Continue\r\n\r\n");
    }
    this.#started = true;
    this.#wanted = true;
    this.pump();
    this.#connection.updateReading();
  };

  /** Takes what was received as long as it is asked for. */
  pump(): void {
    const body = this.#body;
    if (body === undefined || this.#pumping || body.destroyed) return;
    this.#pumping = true;
    try {
      while (this.#wanted) {
        const piece = this.#decoder.next(this.#connection.received);
        if (piece === undefined) break;
        if (!body.push(piece)) this.#wanted = false;
      }
      if (this.#decoder.complete && this.#started && !this.#bodyEnded) {
        this.#bodyEnded = true;
        body.push(null);
      }
    } catch {
      this.#connection.refuseBody(this.#responded);
    } finally {
      this.#pumping = false;
    }
  }

  /** The client has said its last word. */
  inputEnded(): void {
    this.pump();
    if (!this.#decoder.complete) this.#body?.breakOff();
  }

  drained(): void {
    const onDrain = this.#onDrain;
    this.#onDrain = undefined;
    onDrain?.();
  }

  /** The connection is gone, or of no use for an answer. */
  closed(): void {
    if (this.#over) return;
    this.#gone = true;
    this.#end();
  }

  onClose(listener: () => void): void {
    if (this.#over) listener();
    else this.#onClose = listener;
  }

  respond(status: number, fields: HeaderFields, _trailers = false): void {
    if (this.#over || this.#responded) return;
    for (const name in fields) {
      const value = fields[name];
      const values = typeof value === "string" ? [value] : (value ?? []);
      if (!tokens.test(name) || values.some((one) => forbidden.test(one))) {
        this.abort();
        return;
      }
    }
    this.#responded = true;
    this.#last = !this.#head.keepAlive || this.#connection.draining || !this.#bodyIsOver();
    this.#pending = { status, fields };
    // Mostly it goes with the first bytes of the body. A stream that has none yet is open all the same.
    setImmediate(this.#writeHead);
  }

  readonly #writeHead = (): void => {
    if (this.#pending && !this.#over) this.#connection.write(this.#takeHead(undefined));
  };

  answer(status: number, fields: HeaderFields): void {
    this.respond(status, fields);
    this.end();
  }

  write(chunk: Uint8Array): boolean {
    if (this.#over || !this.#responded) return true;
    const head = this.#pending ? this.#takeHead(undefined) : "";
    const { length } = chunk;
    if (this.#framing === "none" || length === 0) {
      return head === "" || this.#connection.write(head);
    }
    if (this.#framing === "length") this.#promised -= length;
    const chunked = this.#framing === "chunks";
    const before = chunked ? `${head}${length.toString(16)}\r\n` : head;
    if (length > copiedBytes) {
      if (before !== "") this.#connection.write(before);
      const taken = this.#connection.write(chunk);
      return chunked ? this.#connection.write("\r\n") : taken;
    }
    const bytes = Buffer.allocUnsafe(before.length + length + (chunked ? 2 : 0));
    bytes.write(before, "latin1");
    bytes.set(chunk, before.length);
    if (chunked) bytes.write("\r\n", before.length + length, "latin1");
    return this.#connection.write(bytes);
  }

  room(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#over || !this.#connection.full) resolve();
      else this.#onDrain = resolve;
    });
  }

  end(trailers?: HeaderFields): void {
    if (this.#over || !this.#responded) return;
    let rest = this.#pending ? this.#takeHead(trailers ? undefined : 0) : "";
    if (this.#framing === "chunks") rest += lastChunk(trailers);
    if (rest !== "") this.#connection.write(rest);
    // What was promised cannot be taken back: the client has to see that this is not the whole.
    if (this.#promised !== 0) {
      this.abort();
      return;
    }
    const last = this.#last || this.#framing === "until closed" || this.#connection.draining;
    this.#end();
    this.#connection.finish(last);
  }

  abort(): void {
    this.#connection.destroy();
    this.closed();
  }

  #end(): void {
    this.#over = true;
    this.#body?.breakOff();
    this.drained();
    const onClose = this.#onClose;
    this.#onClose = undefined;
    onClose?.();
  }

  /** Nobody is going to read what is left of the request, and nobody knows how much is still to come. */
  #bodyIsOver(): boolean {
    if (this.#decoder.complete) return true;
    if (this.#started) return false;
    try {
      while (this.#decoder.next(this.#connection.received) !== undefined);
    } catch {
      return false;
    }
    return this.#decoder.complete;
  }

  /** @param length of the whole body if that is known */
  #takeHead(length: number | undefined): string {
    const { status, fields } = this.#pending ?? { status: 500, fields: {} };
    this.#pending = undefined;
    let head = statusLine(status);
    let declaredLength: number | undefined;
    for (const name in fields) {
      const value = fields[name] ?? "";
      const lower = name.toLowerCase();
      if (lower === "connection") {
        this.#last ||= value === "close";
        continue;
      }
      if (lower === "content-length") declaredLength = Number(value);
      for (const one of typeof value === "string" ? [value] : value) head += `${name}: ${one}\r\n`;
    }
    this.#framing = this.#framingOf(status, declaredLength ?? length);
    if (this.#framing === "length") {
      this.#promised = declaredLength ?? length ?? 0;
      if (declaredLength === undefined) head += `Content-Length: ${length}\r\n`;
    }
    if (this.#framing === "chunks") head += "Transfer-Encoding: chunked\r\n";
    return head + this.#connection.headEnd(this.#last || this.#framing === "until closed");
  }

  #framingOf(status: number, length: number | undefined): Framing {
    if (this.method === "HEAD" || status === 204 || status === 304) return "none";
    if (length !== undefined) return "length";
    return this.#head.version === "1.1" ? "chunks" : "until closed";
  }
}

/** With trailers (RFC 9112 §7.1.2). */
function lastChunk(trailers: HeaderFields = {}): string {
  let chunk = "0\r\n";
  for (const name in trailers) chunk += `${name}: ${trailers[name]}\r\n`;
  return `${chunk}\r\n`;
}

class Http1Body extends RequestBody {
  readonly #pull: () => void;

  /** @param pull called when there is room for more */
  constructor(pull: () => void) {
    super();
    this.#pull = pull;
  }

  override _read(): void {
    this.#pull();
  }
}
