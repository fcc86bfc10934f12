import type { IncomingHttpHeaders } from "node:http";
import { Code, RpcError } from "../../core/rpc-error.ts";
import { ByteCollector } from "../byte-collector.ts";
import { Call } from "../call.ts";
import type { Expirable, TransportContext } from "../context.ts";
import type { Http2Stream, StreamHandler } from "../http2/http2-stream.ts";
import { checkEncoding, envelopeBytes, tooLarge, unwrapMessage } from "./envelope.ts";

/**
 * The request of a unary or server-streaming gRPC call. Of `answer` and `fail` one is called, once,
 * or none when the client goes away before the request is complete.
 */
export abstract class OneMessageCall implements StreamHandler, Expirable {
  protected readonly stream: Http2Stream;
  protected readonly context: TransportContext;
  protected readonly headers: IncomingHttpHeaders;
  /** Undefined: nobody watches, or it was told how the call ended. */
  protected call: Call | undefined;
  #body: ByteCollector | undefined;
  #reading = true;
  #expiring = false;

  constructor(stream: Http2Stream, path: string, context: TransportContext) {
    this.stream = stream;
    this.context = context;
    const { watch } = context;
    // Tracing writes into the headers, and requests share them.
    this.headers = watch?.trace ? { ...stream.headers } : stream.headers;
    this.call = watch && new Call(watch, path, "grpc", "POST", this.headers);
  }

  protected abstract answer(message: Uint8Array): void;
  protected abstract fail(error: RpcError): void;

  data(chunk: Buffer, end: boolean): void {
    if (!this.#reading) return;
    if (end && this.#body === undefined) {
      this.#complete(chunk);
      return;
    }
    this.#body ??= new ByteCollector();
    this.#body.append(chunk);
    const { length } = this.#body;
    if (length > this.context.maxBytes + envelopeBytes) {
      this.#refuse(tooLarge(length - envelopeBytes, this.context.maxBytes));
      return;
    }
    if (end) this.#complete(this.#body.take());
  }

  /** Most requests are here as soon as their headers are: only the others are timed. */
  partial(): void {
    if (!this.#reading) return;
    this.#expiring = true;
    this.context.receiving.add(this, performance.now());
  }

  expire(): void {
    this.#refuse(new RpcError("the request did not arrive in time", Code.DeadlineExceeded));
  }

  closed(): void {
    this.#stop();
  }

  #complete(body: Uint8Array): void {
    const encoding = this.headers["grpc-encoding"] as string | undefined;
    let message: Uint8Array;
    try {
      checkEncoding(encoding);
      message = unwrapMessage(body, encoding, this.context.maxBytes);
    } catch (error) {
      this.#refuse(RpcError.from(error));
      return;
    }
    this.#stop();
    if (this.call) this.call.requestBytes = message.length;
    this.answer(message);
  }

  #refuse(error: RpcError): void {
    this.#stop();
    this.fail(error);
  }

  #stop(): void {
    this.#reading = false;
    this.#body = undefined;
    if (!this.#expiring) return;
    this.#expiring = false;
    this.context.receiving.delete(this);
  }
}
