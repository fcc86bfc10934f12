import type { IncomingHttpHeaders } from "node:http";
import { Code, RpcError } from "../../core/errors.ts";
import type { Place } from "../../core/expiry.ts";
import { ByteCollector } from "../byte-collector.ts";
import { Call, type Expirable, type TransportContext } from "../call.ts";
import type { Http2Stream } from "../http2/http2-stream.ts";
import {
  checkEncoding,
  envelopeBytes,
  tooLarge,
  tooMuchUnfinished,
  unwrapMessage,
} from "./envelope.ts";
import { parseGrpcTimeout } from "./grpc-timeout.ts";

/** One of its methods is called, once, or none if the client goes away before the request is complete. */
export interface MessageListener {
  onMessage(message: Uint8Array): void;
  onRefused(error: RpcError): void;
}

/** The request of a unary or server-streaming gRPC call: its headers, and its one message while it arrives. */
export class RequestMessage implements Expirable {
  readonly headers: IncomingHttpHeaders;
  /** What observes the call; undefined: nobody does. */
  readonly call: Call | undefined;
  readonly #stream: Http2Stream;
  readonly #context: TransportContext;
  readonly #listener: MessageListener;
  #body: ByteCollector | undefined;
  #reading = true;
  /** Given once it is timed. */
  #place: Place<Expirable> | undefined;

  constructor(
    stream: Http2Stream,
    path: string,
    context: TransportContext,
    listener: MessageListener,
  ) {
    const { observer } = context;
    this.#stream = stream;
    this.#context = context;
    this.#listener = listener;
    // Tracing writes into the headers, and requests share them.
    this.headers = observer?.trace ? { ...stream.headers } : stream.headers;
    this.call = observer && new Call(observer, path, "grpc", "POST", this.headers);
  }

  /** Milliseconds that the client gives the call; infinite without a limit, or if the request is refused for it. */
  readTimeout(): number {
    const timeout = this.headers["grpc-timeout"];
    if (typeof timeout !== "string") return Number.POSITIVE_INFINITY;
    try {
      return parseGrpcTimeout(timeout);
    } catch (error) {
      this.#refuse(RpcError.from(error));
      return Number.POSITIVE_INFINITY;
    }
  }

  /** As of a stream's handler. */
  data(chunk: Buffer, end: boolean): void {
    if (!this.#reading) return;
    if (end && this.#body === undefined) {
      this.#complete(chunk);
      return;
    }
    this.#body ??= new ByteCollector();
    this.#body.append(chunk);
    const { length } = this.#body;
    const { maxBytes } = this.#context;
    if (length > maxBytes + envelopeBytes) this.#refuse(tooLarge(length - envelopeBytes, maxBytes));
    else if (end) this.#complete(this.#body.take());
    else if (!this.#stream.keep(chunk.length)) {
      this.#refuse(new RpcError(tooMuchUnfinished, Code.ResourceExhausted));
    }
  }

  /** Most requests are here as soon as their headers are: only the others are timed. */
  partial(): void {
    if (!this.#reading) return;
    this.#place = this.#context.receiving.add(this, performance.now());
  }

  expire(): void {
    this.#refuse(new RpcError("the request did not arrive in time", Code.DeadlineExceeded));
  }

  /** Nobody wants it any more. */
  stop(): void {
    this.#reading = false;
    this.#body = undefined;
    this.#place?.stop();
  }

  #complete(body: Uint8Array): void {
    const { headers, call } = this;
    const encoding = headers["grpc-encoding"] as string | undefined;
    let message: Uint8Array;
    try {
      checkEncoding(encoding);
      message = unwrapMessage(body, encoding, this.#context.maxBytes);
    } catch (error) {
      this.#refuse(RpcError.from(error));
      return;
    }
    this.stop();
    if (call) call.requestBytes = message.length;
    this.#listener.onMessage(message);
  }

  #refuse(error: RpcError): void {
    this.stop();
    this.#listener.onRefused(error);
  }
}
