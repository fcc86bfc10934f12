import { Code, RpcError } from "../../core/rpc-error.ts";
import type { Call } from "../call.ts";
import type { TransportContext } from "../context.ts";
import type { Http2Stream } from "../http2/http2-stream.ts";
import { frameMessage, type UnaryMethod } from "../method.ts";
import { envelopeOf, frameCompressed, wantsGzip } from "./envelope.ts";
import { answerError, gzipHeaders, okTrailers, responseHeaders } from "./grpc-answers.ts";
import { publicError } from "./grpc-status.ts";
import { parseGrpcTimeout } from "./grpc-timeout.ts";
import { OneMessageCall } from "./one-message-call.ts";

/** Longer answers are not copied: of one that is kept, all who wait for it wait for the same bytes. */
const copiedBytes = 64 << 10;

/** Answers a unary gRPC call straight on its HTTP/2 stream. */
export class UnaryCall extends OneMessageCall {
  readonly #method: UnaryMethod;
  #deadline = Number.POSITIVE_INFINITY;

  constructor(stream: Http2Stream, method: UnaryMethod, context: TransportContext) {
    super(stream, method.path, context);
    this.#method = method;
    const timeout = this.headers["grpc-timeout"];
    if (typeof timeout !== "string") return;
    try {
      this.#deadline = performance.now() + parseGrpcTimeout(timeout);
    } catch (error) {
      this.fail(error);
    }
  }

  protected answer(message: Uint8Array): void {
    if (this.#deadline !== Number.POSITIVE_INFINITY && performance.now() >= this.#deadline) {
      this.fail(new RpcError("the operation timed out", Code.DeadlineExceeded));
      return;
    }
    let answer: Uint8Array | Promise<Uint8Array>;
    try {
      answer = this.#method.call(message, this.headers, () => this.stream.closed);
    } catch (error) {
      this.fail(error);
      return;
    }
    if (!(answer instanceof Promise)) {
      this.#succeed(answer);
      return;
    }
    this.stream.prepare(answer);
    answer.then(
      (bytes) => this.#succeed(bytes),
      (error) => this.stream.closed || this.fail(error),
    );
  }

  #succeed(answer: Uint8Array): void {
    const call = this.#takeCall();
    this.#reply(answer);
    if (call === undefined) return;
    call.responseBytes = answer.length;
    call.finish(200, 0);
  }

  #reply(answer: Uint8Array): void {
    const { stream } = this;
    if (wantsGzip(answer, this.headers["grpc-accept-encoding"] as string | undefined)) {
      stream.reply(gzipHeaders, frameCompressed(answer), okTrailers);
    } else if (answer.length <= copiedBytes) {
      stream.reply(responseHeaders, frameMessage(answer), okTrailers);
    } else {
      stream.respond(responseHeaders);
      stream.write(envelopeOf(answer));
      stream.write(answer);
      stream.end(okTrailers);
    }
  }

  protected fail(thrown: unknown): void {
    const error = publicError(thrown, this.#method.path, this.context.log);
    const call = this.#takeCall();
    answerError(this.stream, error);
    call?.finish(200, error.code);
  }

  override closed(): void {
    super.closed();
    this.#takeCall()?.abandon();
  }

  /** It is told once how it ended. */
  #takeCall(): Call | undefined {
    const call = this.call;
    this.call = undefined;
    return call;
  }
}
