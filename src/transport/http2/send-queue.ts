import { maxWindow } from "./frames.ts";
import type { Sender } from "./sender.ts";

/** The data of one answer on its way out, as fast as the client's windows let it (RFC 9113 §5.2). */
export class SendQueue {
  readonly #stream: number;
  readonly #sender: Sender;
  /** Of the first piece from `#offset` on. */
  readonly #pieces: Uint8Array[] = [];
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
    return this.#pieces.length === 0;
  }

  /** @returns False when the window becomes larger than one may be. */
  widen(bytes: number): boolean {
    this.#window += bytes;
    return this.#window <= maxWindow;
  }

  /** @returns whether it went out, whole and in one frame; otherwise it waits */
  push(piece: Uint8Array): boolean {
    const { length } = piece;
    const sender = this.#sender;
    if (this.empty && length <= this.#window && length <= sender.allowance && !sender.congested) {
      this.#send(piece, 0, length);
      return true;
    }
    this.#pieces.push(piece);
    this.bytes += length;
    return false;
  }

  /** One frame of what waits. @returns its bytes; 0 when nothing waits or there is no room */
  sendFrame(): number {
    const [piece] = this.#pieces;
    if (piece === undefined) return 0;
    const room = Math.min(this.#window, this.#sender.allowance);
    const size = Math.min(room, piece.length - this.#offset);
    if (size <= 0) return 0;
    const end = this.#offset + size;
    this.#send(piece, this.#offset, end);
    this.bytes -= size;
    this.#offset = end;
    if (end === piece.length) {
      this.#pieces.shift();
      this.#offset = 0;
    }
    return size;
  }

  clear(): void {
    this.#pieces.length = 0;
    this.bytes = 0;
  }

  #send(piece: Uint8Array, start: number, end: number): void {
    this.#window -= end - start;
    this.#sender.spend(end - start);
    this.#sender.frames.data(this.#stream, piece, start, end, false);
  }
}
