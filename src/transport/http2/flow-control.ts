import { windowBytes, windowUpdateBytes } from "../limits.ts";
import { errorCode, maxWindow } from "./frames.ts";
import type { Sender } from "./sender.ts";

/** What the client may send on one stream: its window (RFC 9113 §5.2) and its `content-length` (§8.1.1). */
export class ReceiveWindow {
  /** Bytes received that the client may not send again yet. */
  #uncredited = 0;
  /** The reader of the body says when the client may send more. */
  held = false;
  /** What a `content-length` leaves to come; undefined without one. */
  expectedBytes: number | undefined;

  /**
   * A DATA frame has arrived.
   * @param size of its payload: padding counts for the windows
   * @param content bytes of it that belong to the body
   * @returns the error that it is
   */
  receive(size: number, content: number, last: boolean): number | undefined {
    this.#uncredited += size;
    if (this.#uncredited > windowBytes) return errorCode.flowControl;
    if (this.expectedBytes === undefined) return undefined;
    this.expectedBytes -= content;
    const wrong = this.expectedBytes < 0 || (last && this.expectedBytes > 0);
    return wrong ? errorCode.protocol : undefined;
  }

  /** Bytes to be given back at once. */
  due(size: number, content: number): number {
    if (this.held) return size - content;
    return this.#uncredited >= windowUpdateBytes ? this.#uncredited : 0;
  }

  /** They are given back. */
  credit(bytes: number): void {
    this.#uncredited -= bytes;
  }
}

/** The data of one answer on its way out, as fast as the client's windows let it (RFC 9113 §5.2). */
export class SendQueue {
  readonly #stream: number;
  readonly #sender: Sender;
  /** Of the first piece from `#offset` on. Most answers go out at once, and have none. */
  #pieces: Uint8Array[] | undefined;
  #offset = 0;
  #window: number;
  /** That wait. */
  bytes = 0;

  /** @param window of the stream */
  constructor(stream: number, sender: Sender, window: number) {
    this.#stream = stream;
    this.#sender = sender;
    this.#window = window;
  }

  get empty(): boolean {
    return this.bytes === 0;
  }

  /** @returns False when the window becomes larger than one may be. */
  widen(bytes: number): boolean {
    this.#window += bytes;
    return this.#window <= maxWindow;
  }

  /** @param piece not empty. @returns whether it went out, whole and in one frame; otherwise it waits */
  push(piece: Uint8Array): boolean {
    const { length } = piece;
    const sender = this.#sender;
    if (this.empty && length <= this.#window && length <= sender.allowance && !sender.congested) {
      this.#send(piece, 0, length);
      return true;
    }
    this.#pieces ??= [];
    this.#pieces.push(piece);
    this.bytes += length;
    return false;
  }

  /** One frame of what waits. @returns its bytes; 0 when nothing waits or there is no room */
  sendFrame(): number {
    const piece = this.#pieces?.[0];
    if (piece === undefined) return 0;
    const room = Math.min(this.#window, this.#sender.allowance);
    const size = Math.min(room, piece.length - this.#offset);
    if (size <= 0) return 0;
    const end = this.#offset + size;
    this.#send(piece, this.#offset, end);
    this.bytes -= size;
    this.#offset = end;
    if (end === piece.length) {
      this.#pieces?.shift();
      this.#offset = 0;
    }
    return size;
  }

  clear(): void {
    this.#pieces = undefined;
    this.bytes = 0;
  }

  #send(piece: Uint8Array, start: number, end: number): void {
    this.#window -= end - start;
    this.#sender.spend(end - start);
    this.#sender.frames.data(this.#stream, piece, start, end, false);
  }
}
