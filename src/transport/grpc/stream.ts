import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { Call } from "../calls.ts";
import type { TransportContext } from "../context.ts";
import { streamBufferBytes } from "../limits.ts";
import type { MessageStream, StreamMethod } from "../method.ts";
import { isGone, replyStatus, reset, startReply } from "./reply.ts";
import { readMessage } from "./request.ts";
import { okStatus, publicError, type StatusFields, statusOf } from "./status.ts";
import { parseGrpcTimeout } from "./timeout.ts";

/** The longest a timer takes; a later deadline is none. */
const maxTimerMs = 2 ** 31 - 1;

/** Serves a server-streaming gRPC call straight on its HTTP/2 stream. */
export function serveStream(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  method: StreamMethod,
  context: TransportContext,
  onSend: (() => void) | undefined,
): void {
  const { watch } = context;
  const call = watch && new Call(watch, method.path, "grpc", "POST", headers);
  const messages = new GrpcMessageStream(stream, method.path, context, call, onSend);
  try {
    const timeout = headers["grpc-timeout"];
    if (typeof timeout === "string") messages.endAfter(parseGrpcTimeout(timeout));
  } catch (error) {
    messages.fail(error);
    return;
  }
  readMessage(stream, headers, context, (message) => {
    if (messages.ended) return;
    if (message instanceof ConnectError) return messages.fail(message);
    if (call) call.requestBytes = message.length;
    try {
      method.open(message, headers, messages);
      messages.start();
    } catch (error) {
      messages.fail(error);
    }
  });
}

class GrpcMessageStream implements MessageStream {
  readonly #stream: ServerHttp2Stream;
  readonly #path: string;
  readonly #context: TransportContext;
  readonly #call: Call | undefined;
  readonly #onSend: (() => void) | undefined;
  #started = false;
  #ended = false;
  #status: StatusFields = okStatus;
  #code: number = 0;
  #timer: Timer | undefined;

  constructor(
    stream: ServerHttp2Stream,
    path: string,
    context: TransportContext,
    call: Call | undefined,
    onSend: (() => void) | undefined,
  ) {
    this.#stream = stream;
    this.#path = path;
    this.#context = context;
    this.#call = call;
    this.#onSend = onSend;
    context.watch?.onOpen?.("POST", path, 1);
    stream.once("close", () => {
      clearTimeout(this.#timer);
      context.watch?.onOpen?.("POST", path, -1);
      call?.finish(200, this.#ended ? this.#code : Code.Canceled);
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Sends the headers, so that the client knows that it is being served. */
  start(): void {
    if (this.#started || this.#ended) return;
    this.#started = true;
    startReply(this.#stream, false, () => this.#status);
  }

  send(frame: Uint8Array): boolean {
    if (this.#ended || isGone(this.#stream)) return false;
    this.start();
    if (this.#stream.writableLength > streamBufferBytes) {
      this.#context.log.warn("a stream was dropped: its client does not read", {
        path: this.#path,
        bufferedBytes: this.#stream.writableLength,
      });
      this.abort();
      return false;
    }
    this.#onSend?.();
    if (this.#call) this.#call.responseBytes += frame.length;
    return this.#stream.write(frame);
  }

  end(error?: Error): void {
    if (error) this.fail(error);
    if (this.#ended) return;
    this.start();
    this.#ended = true;
    clearTimeout(this.#timer);
    if (!isGone(this.#stream)) this.#stream.end();
  }

  fail(thrown: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    const error = publicError(thrown, this.#path, this.#context.log);
    this.#code = error.code;
    this.#status = statusOf(error);
    if (!this.#started) replyStatus(this.#stream, this.#status);
    else if (!isGone(this.#stream)) this.#stream.end();
  }

  endAfter(milliseconds: number): void {
    if (milliseconds > maxTimerMs) return;
    this.#timer = setTimeout(
      () =>
        this.fail(
          new ConnectError("stream closed due to server-side timeout", Code.DeadlineExceeded),
        ),
      milliseconds,
    );
  }

  abort(): void {
    this.#ended = true;
    this.#code = Code.Unavailable;
    clearTimeout(this.#timer);
    reset(this.#stream, constants.NGHTTP2_CANCEL);
  }

  onDrain(listener: () => void): void {
    this.#stream.on("drain", listener);
  }

  onClose(listener: () => void): void {
    if (this.#stream.destroyed) listener();
    else this.#stream.once("close", listener);
  }
}
