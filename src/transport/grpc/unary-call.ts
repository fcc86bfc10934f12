import { Code, RpcError } from "../../core/errors.ts";
import type { Call, TransportContext } from "../call.ts";
import { gzip, wantsGzip } from "../gzip.ts";
import type { Http2Stream, StreamHandler } from "../http2/http2-stream.ts";
import type { UnaryMethod } from "../listener.ts";
import { envelopeOf, frameMessage } from "./envelope.ts";
import {
  answerError,
  gzipHeaders,
  okTrailers,
  publicError,
  responseHeaders,
} from "./grpc-status.ts";
import { type MessageListener, RequestMessage } from "./request-message.ts";

/** Longer answers are not copied: of one that is kept, all who wait for it wait for the same bytes. */
const copiedBytes = 64 << 10;

/** Answers a unary gRPC call straight on its HTTP/2 stream. */
export class UnaryCall implements StreamHandler, MessageListener {
  readonly #stream: Http2Stream;
  readonly #context: TransportContext;
  readonly #request: RequestMessage;
  readonly #method: UnaryMethod;
  /** Undefined: nobody observes, or it was told how the call ended. */
  #call: Call | undefined;
  #deadline = Number.POSITIVE_INFINITY;

  constructor(stream: Http2Stream, method: UnaryMethod, context: TransportContext) {
    this.#stream = stream;
    this.#context = context;
    this.#method = method;
    this.#request = new RequestMessage(stream, method.path, context, this);
    this.#call = this.#request.call;
    const timeoutMs = this.#request.readTimeout();
    if (timeoutMs !== Number.POSITIVE_INFINITY) this.#deadline = performance.now() + timeoutMs;
  }

  data(chunk: Buffer, end: boolean): void {
    this.#request.data(chunk, end);
  }

  partial(): void {
    this.#request.partial();
  }

  onRefused(error: RpcError): void {
    this.#fail(error);
  }

  onMessage(message: Uint8Array): void {
    if (this.#deadline !== Number.POSITIVE_INFINITY && performance.now() >= this.#deadline) {
      this.#fail(new RpcError("the operation timed out", Code.DeadlineExceeded));
      return;
    }
    let answer: Uint8Array | Promise<Uint8Array>;
    try {
      answer = this.#method.call(message, this.#request.headers, () => this.#stream.closed);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#whenMade(answer, (message) => this.#compress(message));
  }

  #compress(answer: Uint8Array): void {
    if (this.#stream.closed) return;
    if (wantsGzip(answer, this.#request.headers["grpc-accept-encoding"] as string | undefined)) {
      this.#whenMade(gzip(answer), (packed) => this.#reply(packed, true, answer.length));
    } else {
      this.#reply(answer, false, answer.length);
    }
  }

  /** What takes long is a promise. */
  #whenMade(made: Uint8Array | Promise<Uint8Array>, then: (made: Uint8Array) => void): void {
    if (!(made instanceof Promise)) {
      then(made);
      return;
    }
    this.#stream.prepare(made);
    made.then(then, (error) => this.#stream.closed || this.#fail(error));
  }

  #reply(message: Uint8Array, compressed: boolean, size: number): void {
    const stream = this.#stream;
    const call = this.#takeCall();
    const headers = compressed ? gzipHeaders : responseHeaders;
    if (message.length <= copiedBytes) {
      stream.reply(headers, frameMessage(message, compressed), okTrailers);
    } else {
      stream.respond(headers);
      stream.write(envelopeOf(message, compressed));
      stream.write(message);
      stream.end(okTrailers);
    }
    if (call === undefined) return;
    call.responseBytes = size;
    call.finish(200, 0);
  }

  #fail(thrown: unknown): void {
    const error = publicError(thrown, this.#method.path, this.#context.log);
    const call = this.#takeCall();
    answerError(this.#stream, error);
    call?.finish(200, error.code);
  }

  closed(): void {
    this.#request.stop();
    this.#takeCall()?.abandon();
  }

  /** It is told once how it ended. */
  #takeCall(): Call | undefined {
    const call = this.#call;
    this.#call = undefined;
    return call;
  }
}
