import {
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { isGone, reset } from "../grpc/reply.ts";
import type { Exchange, HeaderFields } from "../universal/exchange.ts";

/** A request and its answer on a node:http2 stream. */
export class Http2Exchange implements Exchange {
  readonly httpVersion = "2.0";
  readonly #stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  #trailers: HeaderFields | undefined;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.#stream = stream;
    this.headers = headers;
  }

  get method(): string {
    return this.headers[":method"] ?? "";
  }
  get target(): string {
    return this.headers[":path"] ?? "";
  }
  get body(): ServerHttp2Stream {
    return this.#stream;
  }
  get gone(): boolean {
    return isGone(this.#stream);
  }

  onClose(listener: () => void): void {
    if (this.#stream.destroyed) listener();
    else this.#stream.once("close", listener);
  }

  respond(status: number, fields: HeaderFields, trailers: boolean): void {
    if (this.gone || this.#stream.headersSent) return;
    this.#attempt(() => {
      this.#stream.respond(toHttp2(status, fields), { waitForTrailers: trailers });
      if (!trailers) return;
      this.#stream.on("wantTrailers", () =>
        this.#attempt(() =>
          this.#stream.sendTrailers({ ...this.#trailers } as OutgoingHttpHeaders),
        ),
      );
    });
  }

  /** One frame: a gRPC status followed by empty data would be taken for headers (trailers-only). */
  answer(status: number, fields: HeaderFields): void {
    if (this.gone || this.#stream.headersSent) return;
    this.#attempt(() => {
      this.#stream.respond(toHttp2(status, fields), { endStream: true });
      if (!this.#stream.readableEnded) this.#stream.close(constants.NGHTTP2_NO_ERROR);
    });
  }

  write(chunk: Uint8Array): boolean {
    return this.gone || this.#stream.write(chunk);
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      if (this.gone || !this.#stream.writableNeedDrain) return resolve();
      this.#stream.once("drain", resolve).once("close", resolve);
    });
  }

  end(trailers?: HeaderFields): void {
    if (this.gone) return;
    this.#trailers = trailers;
    this.#stream.end();
    // The answer is complete: the rest of the request is not wanted (RFC 9113 §8.1).
    if (!this.#stream.readableEnded) {
      this.#stream.once("finish", () => reset(this.#stream, constants.NGHTTP2_NO_ERROR));
    }
  }

  abort(): void {
    reset(this.#stream);
  }

  #attempt(action: () => void): void {
    try {
      action();
    } catch {
      reset(this.#stream);
    }
  }
}

function toHttp2(status: number, fields: HeaderFields): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { ":status": status };
  for (const name in fields) {
    // Connection-specific fields are malformed in HTTP/2 (RFC 9113 §8.2.2).
    if (name !== "connection") headers[name.toLowerCase()] = fields[name] as string | string[];
  }
  return headers;
}
