import type { IncomingHttpHeaders } from "node:http";
import { Call } from "../calls.ts";
import type { TransportContext } from "../context.ts";
import type { Http2Stream } from "../http2/stream.ts";
import { frameMessage, type UnaryMethod } from "../method.ts";
import { Code, RpcError } from "../rpc-error.ts";
import { frameCompressed, wantsGzip } from "./envelope.ts";
import { OneMessageCall } from "./one-message-call.ts";
import { errorBlocks, gzipHeaders, okTrailers, responseHeaders } from "./reply.ts";
import { publicError } from "./status.ts";
import { parseGrpcTimeout } from "./timeout.ts";

/** Answers a unary gRPC call straight on its HTTP/2 stream. */
export class UnaryCall extends OneMessageCall {
  readonly #method: UnaryMethod;
  readonly #headers: IncomingHttpHeaders;
  readonly #call: Call | undefined;
  #deadline = Number.POSITIVE_INFINITY;

  constructor(stream: Http2Stream, method: UnaryMethod, context: TransportContext) {
    super(stream, context);
    this.#method = method;
    const { watch } = context;
    // Tracing writes into the headers, and requests share them.
    this.#headers = watch?.trace ? { ...stream.headers } : stream.headers;
    this.#call = watch && new Call(watch, method.path, "grpc", "POST", this.#headers);
    const timeout = this.#headers["grpc-timeout"];
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
    let answer: Uint8Array;
    try {
      answer = this.#method.call(message, this.#headers);
    } catch (error) {
      this.fail(error);
      return;
    }
    const gzip = wantsGzip(answer, this.#headers["grpc-accept-encoding"] as string | undefined);
    if (gzip) this.stream.reply(gzipHeaders, frameCompressed(answer), okTrailers);
    else this.stream.reply(responseHeaders, frameMessage(answer), okTrailers);
    const call = this.#call;
    if (call === undefined) return;
    call.requestBytes = message.length;
    call.responseBytes = answer.length;
    call.finish(200, 0);
  }

  protected fail(thrown: unknown): void {
    const error = publicError(thrown, this.#method.path, this.context.log);
    this.stream.answer(errorBlocks(error).alone);
    this.#call?.finish(200, error.code);
  }
}
