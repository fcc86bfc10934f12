import type { IncomingHttpHeaders } from "node:http";
import { Code, RpcError } from "../../core/errors.ts";
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

/** One of its methods is called, once, or none if the client goes away before the request is complete. */
export interface MessageListener {
  onMessage(message: Uint8Array): void;
  onRefused(error: RpcError): void;
}

/** What a call begins with. */
export interface StartedCall {
  readonly headers: IncomingHttpHeaders;
  /** Undefined: nobody observes. */
  readonly call: Call | undefined;
}

/** Begins to observe a gRPC call. */
export function startCall(
  { headers }: Http2Stream,
  path: string,
  context: TransportContext,
): StartedCall {
  const { observer } = context;
  // Tracing writes into the headers, and requests share them.
  const own = observer?.trace ? { ...headers } : headers;
  return { headers: own, call: observer && new Call(observer, path, "grpc", "POST", own) };
}

/** The one message of a unary or server-streaming gRPC call, while it arrives. */
export class RequestMessage implements Expirable {
  readonly #stream: Http2Stream;
  readonly #context: TransportContext;
  readonly #start: StartedCall;
  readonly #listener: MessageListener;
  #body: ByteCollector | undefined;
  #reading = true;
  #expiring = false;

  constructor(
    stream: Http2Stream,
    context: TransportContext,
    start: StartedCall,
    listener: MessageListener,
  ) {
    this.#stream = stream;
    this.#context = context;
    this.#start = start;
    this.#listener = listener;
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
    this.#expiring = true;
    this.#context.receiving.add(this, performance.now());
  }

  expire(): void {
    this.#refuse(new RpcError("the request did not arrive in time", Code.DeadlineExceeded));
  }

  /** Nobody wants it any more. */
  stop(): void {
    this.#reading = false;
    this.#body = undefined;
    if (!this.#expiring) return;
    this.#expiring = false;
    this.#context.receiving.delete(this);
  }

  #complete(body: Uint8Array): void {
    const { headers, call } = this.#start;
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
