import { maxTimerMs } from "../../core/clock.ts";
import { Code, RpcError } from "../../core/errors.ts";
import type { Call, TransportContext } from "../call.ts";
import { errorCode } from "../http2/frames.ts";
import type { Http2Stream, StreamHandler } from "../http2/http2-stream.ts";
import { streamBufferBytes } from "../limits.ts";
import type { MessageStream, StreamMethod } from "../listener.ts";
import { envelopeBytes, messageBytes } from "./envelope.ts";
import {
  answerError,
  endWithError,
  okTrailers,
  publicError,
  responseHeaders,
} from "./grpc-status.ts";
import { type MessageListener, RequestMessage } from "./request-message.ts";

/** Serves a server-streaming gRPC call straight on its HTTP/2 stream. */
export class StreamCall implements StreamHandler, MessageListener, MessageStream {
  readonly #stream: Http2Stream;
  readonly #context: TransportContext;
  readonly #request: RequestMessage;
  readonly #call: Call | undefined;
  readonly #method: StreamMethod;
  #started = false;
  #ended = false;
  #closed = false;
  #code: number = 0;
  #timer: Timer | undefined;
  /** What is still to come of the message being sent. */
  #unsent = 0;
  #onDrain = () => {};
  readonly #onClose: (() => void)[] = [];

  constructor(stream: Http2Stream, method: StreamMethod, context: TransportContext) {
    this.#stream = stream;
    this.#context = context;
    this.#method = method;
    this.#request = new RequestMessage(stream, method.path, context, this);
    this.#call = this.#request.call;
    if (this.#call) {
      this.#call.stream = true;
      this.#call.responses = 0;
    }
    context.observer?.onOpen?.("POST", method.path, 1);
    this.#endAfter(this.#request.readTimeout());
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
    if (this.#ended) return;
    try {
      this.#method.open(message, this.#request.headers, this);
      this.#respond();
    } catch (error) {
      this.#fail(error);
    }
  }

  send(frame: Uint8Array): boolean {
    const stream = this.#stream;
    if (this.#ended || stream.gone) return false;
    this.#respond();
    if (stream.queuedBytes > streamBufferBytes) {
      this.#context.log.warn("stream dropped: the client has stopped reading", {
        path: this.#method.path,
        bufferedBytes: stream.queuedBytes,
      });
      this.abort();
      return false;
    }
    if (this.#call) this.#count(this.#call, frame);
    return stream.write(frame);
  }

  /** A message begins when the one before, perhaps sent in pieces, is complete. */
  #count(call: Call, frame: Uint8Array): void {
    call.responseBytes += frame.length;
    if (this.#unsent === 0) {
      call.responses++;
      this.#unsent = envelopeBytes + messageBytes(frame);
    }
    this.#unsent -= frame.length;
  }

  end(error?: Error): void {
    if (error) {
      this.#fail(error);
      return;
    }
    if (this.#ended) return;
    this.#respond();
    this.#stop(0);
    this.#stream.end(okTrailers);
  }

  #fail(thrown: unknown): void {
    if (this.#ended) return;
    const error = publicError(thrown, this.#method.path, this.#context.log);
    this.#stop(error.code);
    if (this.#started) endWithError(this.#stream, error);
    else answerError(this.#stream, error);
  }

  abort(): void {
    this.#stop(Code.Unavailable);
    this.#stream.reset(errorCode.cancel);
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  onClose(listener: () => void): void {
    if (this.#closed) listener();
    else this.#onClose.push(listener);
  }

  drained(): void {
    this.#onDrain();
  }

  closed(): void {
    this.#request.stop();
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#context.observer?.onOpen?.("POST", this.#method.path, -1);
    this.#call?.finish(200, this.#ended ? this.#code : Code.Canceled);
    for (const listener of this.#onClose) listener();
  }

  /** Sends the headers, so that the client knows that it is being served. */
  #respond(): void {
    if (this.#started || this.#ended) return;
    this.#started = true;
    this.#stream.respond(responseHeaders);
  }

  #stop(code: number): void {
    this.#ended = true;
    this.#code = code;
    clearTimeout(this.#timer);
  }

  #endAfter(milliseconds: number): void {
    // No stream lasts that long.
    if (milliseconds > maxTimerMs) return;
    this.#timer = setTimeout(
      () =>
        this.#fail(new RpcError("stream closed due to server-side timeout", Code.DeadlineExceeded)),
      milliseconds,
    );
  }
}
