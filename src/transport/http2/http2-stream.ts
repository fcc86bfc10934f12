import type { IncomingHttpHeaders } from "node:http";
import { ReceiveWindow, SendQueue } from "./flow-control.ts";
import { errorCode, frameType } from "./frames.ts";
import type { HeaderBlock } from "./hpack/encoder.ts";
import type { Sender } from "./sender.ts";

/** Serves one request. When one of its methods throws, the stream is reset. */
export interface StreamHandler {
  /**
   * A piece of the body; with `end` the last, perhaps empty. What was received is given back to the
   * client's window at once, unless the stream is {@link Http2Stream.holdWindow held}.
   */
  data(chunk: Buffer, end: boolean): void;
  /** What the client sent so far does not complete the request. */
  partial?(): void;
  /** What was written has gone out, after a `write` that returned false. */
  drained?(): void;
  /** Called once, when the stream is over: answered completely, reset, or its connection gone. */
  closed(): void;
}

/** What a stream needs of its connection. */
export interface StreamOwner {
  readonly sender: Sender;
  /** Headers or data were sent. */
  onSend(): void;
  /** Its answer is complete, the request is not. */
  onLingering(stream: Http2Stream): void;
  onClosed(stream: Http2Stream): void;
  /** An exception of the handler's. */
  onFailure(error: unknown, stream: Http2Stream): void;
  /** A stream that is over is {@link Http2Stream.occupy occupied} no more. */
  onVacated(): void;
  /** Its answer is being made in turns. */
  onMaking(work: Promise<unknown>): void;
  /** The last piece of a request has arrived. @returns whether it waits, and will be handed on later */
  onRequest(stream: Http2Stream, last: Buffer): boolean;
  /** So many more bytes of incomplete requests, or less, are kept. False: that is too much. */
  onKept(bytes: number): boolean;
  /** So many more bytes of complete answers, or less, wait to be sent. */
  onWaiting(bytes: number): void;
}

const nothing = new Uint8Array(0);

/** One request and its answer (RFC 9113 §5.1). After the stream is over its methods do nothing. */
export class Http2Stream {
  readonly id: number;
  /** By lower-case names; requests of one connection may share them. */
  readonly headers: IncomingHttpHeaders;
  readonly #owner: StreamOwner;
  readonly #sender: Sender;
  #handler: StreamHandler | undefined;
  readonly #window = new ReceiveWindow();
  readonly #queue: SendQueue;
  #wantsDrain = false;
  #headersSent = false;
  /** The answer ends once what waits has gone out. */
  #ending = false;
  #trailers: HeaderBlock | undefined;
  #complete = false;
  #remoteEnded = false;
  #closed = false;
  #occupied = false;
  /** Bytes of a body that is not complete. */
  #kept = 0;

  constructor(owner: StreamOwner, id: number, headers: IncomingHttpHeaders, window: number) {
    this.#owner = owner;
    this.#sender = owner.sender;
    this.id = id;
    this.headers = headers;
    this.#queue = new SendQueue(id, this.#sender, window);
  }

  /** Finds its handler, who is told at once when the stream is over already. */
  serve(find: (stream: Http2Stream) => StreamHandler): void {
    try {
      const handler = find(this);
      if (this.#closed || this.#complete) handler.closed();
      else this.#handler = handler;
    } catch (error) {
      this.#owner.onFailure(error, this);
    }
  }

  /**
   * A DATA frame has arrived.
   * @param size of its payload: padding counts for the windows
   */
  receive(chunk: Buffer, size: number, last: boolean): void {
    const wrong = this.#window.receive(size, chunk.length, last);
    if (wrong !== undefined) {
      this.reset(wrong);
      return;
    }
    if (last) this.endRemote();
    else this.credit(this.#window.due(size, chunk.length));
    this.deliver(chunk, last);
  }

  /** Hands on a piece of the body, and the last one when there is room for the answer. */
  deliver(chunk: Buffer, end: boolean): void {
    if (!end || !this.#owner.onRequest(this, chunk)) this.handOn(chunk, end);
  }

  handOn(chunk: Buffer, end: boolean): void {
    try {
      this.#handler?.data(chunk, end);
    } catch (error) {
      this.#owner.onFailure(error, this);
    }
  }

  /** For now nothing more has arrived. */
  partial(): void {
    if (this.#remoteEnded) return;
    try {
      this.#handler?.partial?.();
    } catch (error) {
      this.#owner.onFailure(error, this);
    }
  }

  /** Counts among its connection's streams until `work` is done, even when it is over before. */
  occupy(work: Promise<unknown>): void {
    this.#occupied = true;
    const vacate = () => {
      this.#occupied = false;
      if (this.#closed) this.#owner.onVacated();
    };
    work.then(vacate, vacate);
  }

  /** Its answer is made in turns of the event loop: the connection begins with no other meanwhile. */
  prepare(work: Promise<unknown>): void {
    this.occupy(work);
    this.#owner.onMaking(work);
  }

  get occupied(): boolean {
    return this.#occupied;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The client has sent everything. */
  get remoteEnded(): boolean {
    return this.#remoteEnded;
  }

  /** What a `content-length` leaves to come; undefined without one. */
  get expectedBytes(): number | undefined {
    return this.#window.expectedBytes;
  }

  set expectedBytes(bytes: number | undefined) {
    this.#window.expectedBytes = bytes;
  }

  /** So much more is kept of a body until all of it is there. False: that is too much. */
  keep(bytes: number): boolean {
    if (this.#remoteEnded || this.#closed || this.#complete) return true;
    this.#kept += bytes;
    return this.#owner.onKept(bytes);
  }

  #forgetKept(): void {
    if (this.#kept > 0) this.#owner.onKept(-this.#kept);
    this.#kept = 0;
  }

  /** The client has sent everything, or says that it will not. */
  endRemote(): void {
    this.#remoteEnded = true;
    this.#forgetKept();
    if (this.#complete) this.close();
  }

  /** Nothing can be sent any more: the answer is complete or nobody waits for it. */
  get gone(): boolean {
    return this.#closed || this.#ending || this.#complete;
  }

  /** It was over before its answer was complete. */
  get aborted(): boolean {
    return this.#closed && !this.#complete;
  }

  /** Bytes that wait to be sent. */
  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  respond(block: HeaderBlock): void {
    if (this.gone || this.#headersSent) return;
    this.#sendHeaders(block, false);
    this.#sender.schedule();
  }

  /** An answer of headers alone. */
  answer(block: HeaderBlock): void {
    if (this.gone || this.#headersSent) return;
    this.#sendHeaders(block, true);
    this.#finish();
    this.#sender.schedule();
  }

  /** False: wait for `drained`; what is written before is kept. */
  write(bytes: Uint8Array): boolean {
    if (this.gone) return true;
    this.#send(bytes);
    const done = this.#queue.empty && !this.#sender.congested;
    if (!done) {
      this.#wantsDrain = true;
      this.#sender.wait(this);
    }
    this.#sender.schedule();
    return done;
  }

  /** Completes the answer when all that waits has gone out. */
  end(trailers?: HeaderBlock): void {
    if (this.gone) return;
    this.#ending = true;
    this.#trailers = trailers;
    if (this.#queue.empty) this.#sendEnd();
    else {
      this.#owner.onWaiting(this.#queue.bytes);
      this.#sender.wait(this);
    }
    this.#sender.schedule();
  }

  /** A whole answer at once. */
  reply(block: HeaderBlock, body: Uint8Array, trailers: HeaderBlock): void {
    if (this.gone || this.#headersSent) return;
    this.#sendHeaders(block, false);
    this.#send(body);
    this.end(trailers);
  }

  /** RST_STREAM. */
  reset(code: number = errorCode.internal): void {
    if (this.#closed) return;
    this.#sender.frames.number(frameType.reset, this.id, code);
    this.close();
    this.#sender.schedule();
  }

  /** The stream is over, by either side. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#forgetKept();
    if (this.#ending) this.#owner.onWaiting(-this.#queue.bytes);
    this.#queue.clear();
    this.#sender.forget(this);
    this.#owner.onClosed(this);
    this.#release();
  }

  /** @returns False when the window becomes larger than one may be. */
  widen(bytes: number): boolean {
    return this.#queue.widen(bytes);
  }

  /** From here on the client may send more only as far as {@link credit} says. */
  holdWindow(): void {
    this.#window.held = true;
  }

  /** Lets the client send that much more, unless the answer is complete and nobody wants it. */
  credit(bytes: number): void {
    if (this.#closed || this.#remoteEnded || bytes === 0) return;
    if (this.#complete) {
      this.reset(errorCode.none);
      return;
    }
    this.#window.credit(bytes);
    this.#sender.frames.number(frameType.windowUpdate, this.id, bytes);
    this.#sender.schedule();
  }

  /** Called in turn when data waits. @returns Did anything go out? */
  sendWaiting(): boolean {
    const moved = this.#sendFrame();
    if (!this.#queue.empty) return moved;
    if (this.#ending) {
      this.#sender.forget(this);
      this.#sendEnd();
    } else if (!this.#sender.congested) {
      this.#sender.forget(this);
      const wanted = this.#wantsDrain;
      this.#wantsDrain = false;
      if (wanted) this.#tellDrained();
    }
    return moved;
  }

  #tellDrained(): void {
    try {
      this.#handler?.drained?.();
    } catch (error) {
      this.#owner.onFailure(error, this);
    }
  }

  /** As much as may go out now; the rest waits. */
  #send(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const first = this.#queue.empty;
    if (this.#queue.push(bytes)) this.#owner.onSend();
    else if (first) while (!this.#sender.congested && this.#sendFrame());
  }

  /** @returns False when nothing waits or there is no room for it. */
  #sendFrame(): boolean {
    const size = this.#queue.sendFrame();
    if (size === 0) return false;
    if (this.#ending) this.#owner.onWaiting(-size);
    this.#owner.onSend();
    this.#sender.schedule();
    return true;
  }

  #sendHeaders(block: HeaderBlock, end: boolean): void {
    this.#headersSent = true;
    this.#sender.headers(this.id, block, end);
    this.#owner.onSend();
  }

  #sendEnd(): void {
    if (this.#trailers) this.#sendHeaders(this.#trailers, true);
    else this.#sender.frames.data(this.id, nothing, 0, 0, true);
    this.#finish();
  }

  #finish(): void {
    this.#complete = true;
    this.#forgetKept();
    this.#window.held = false;
    if (this.#remoteEnded) {
      this.close();
      return;
    }
    this.#owner.onLingering(this);
    this.#release();
  }

  #release(): void {
    const handler = this.#handler;
    this.#handler = undefined;
    try {
      handler?.closed();
    } catch (error) {
      this.#owner.onFailure(error, this);
    }
  }
}
