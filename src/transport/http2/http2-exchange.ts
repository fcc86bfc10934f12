import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import type { Exchange, HeaderFields } from "../exchange.ts";
import { RequestBody } from "../request-body.ts";
import { type BlockFields, encodeBlock } from "./hpack/encoder.ts";
import type { Http2Stream, StreamHandler } from "./http2-stream.ts";

/** A request and its answer on an HTTP/2 stream. */
export class Http2Exchange implements Exchange, StreamHandler {
  readonly httpVersion = "2.0";
  readonly headers: IncomingHttpHeaders;
  readonly body: Http2Body;
  readonly #stream: Http2Stream;
  readonly #socket: Socket;
  #closed = false;
  #onClose: (() => void) | undefined;
  #onDrain: (() => void) | undefined;

  constructor(stream: Http2Stream, socket: Socket) {
    this.#socket = socket;
    this.#stream = stream;
    // Its own, for tracing writes into them.
    this.headers = { ...stream.headers };
    this.body = new Http2Body(stream);
  }

  get method(): string {
    return this.headers[":method"] as string;
  }
  get target(): string {
    return this.headers[":path"] as string;
  }
  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }
  get gone(): boolean {
    return this.#stream.aborted;
  }

  keep(bytes: number): boolean {
    return this.#stream.keep(bytes);
  }

  data(chunk: Buffer, end: boolean): void {
    this.body.receive(chunk, end);
  }

  drained(): void {
    const onDrain = this.#onDrain;
    this.#onDrain = undefined;
    onDrain?.();
  }

  closed(): void {
    this.#closed = true;
    this.body.breakOff();
    this.drained();
    this.#onClose?.();
  }

  onClose(listener: () => void): void {
    if (this.#closed) listener();
    else this.#onClose = listener;
  }

  respond(status: number, fields: HeaderFields): void {
    this.#stream.respond(encodeBlock(toHttp2(status, fields)));
  }

  answer(status: number, fields: HeaderFields): void {
    this.#stream.answer(encodeBlock(toHttp2(status, fields)));
  }

  write(chunk: Uint8Array): boolean {
    return this.#stream.write(chunk);
  }

  room(): Promise<void> {
    return new Promise((resolve) => {
      if (this.gone) return resolve();
      this.#onDrain = resolve;
    });
  }

  end(trailers?: HeaderFields): void {
    this.#stream.end(trailers && encodeBlock(lowerCase(trailers)));
  }

  abort(): void {
    this.#stream.reset();
  }
}

function toHttp2(status: number, fields: HeaderFields): BlockFields {
  return { ":status": status, ...lowerCase(fields) };
}

function lowerCase(fields: HeaderFields): BlockFields {
  const lower: Record<string, string | readonly string[]> = {};
  for (const name in fields) {
    // Connection-specific fields are malformed in HTTP/2 (RFC 9113 §8.2.2).
    if (name !== "connection") lower[name.toLowerCase()] = fields[name] ?? "";
  }
  return lower;
}

class Http2Body extends RequestBody {
  readonly #stream: Http2Stream;
  /** Bytes received since they were asked for last. */
  #received = 0;

  constructor(stream: Http2Stream) {
    super();
    this.#stream = stream;
    stream.holdWindow();
  }

  receive(chunk: Buffer, end: boolean): void {
    this.#received += chunk.length;
    if (chunk.length > 0 && this.push(chunk)) this.#credit();
    if (end) this.push(null);
  }

  override _read(): void {
    this.#credit();
  }

  #credit(): void {
    const bytes = this.#received;
    this.#received = 0;
    this.#stream.credit(bytes);
  }
}
