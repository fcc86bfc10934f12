import type { Turn } from "../../core/turns.ts";
import { FrameWriter } from "./frame-writer.ts";
import { initialMaxFrame, initialTableSize, initialWindow, maxWindow } from "./frames.ts";
import { emptyTable, type HeaderBlock } from "./hpack/encoder.ts";
import type { Http2Stream } from "./http2-stream.ts";

/** What a connection needs of its socket. */
export interface ByteSink {
  /** False: `drain` tells when to go on; what is written meanwhile is buffered. */
  write(bytes: Uint8Array): boolean;
}

/** Gathered frames are not worth waiting for more, and no frame of data is larger. */
const maxWriteBytes = 64 << 10;

/**
 * What one connection sends: frames of one turn of the event loop together, and of data only what the
 * socket and the client's flow-control windows (RFC 9113 §5.2) take. Streams whose data has to wait
 * are served in turn, a frame each, and where one turn ends the next begins; one that has no window
 * left holds up no other.
 */
export class Sender {
  readonly frames = new FrameWriter();
  readonly #socket: ByteSink;
  readonly #waiting = new Set<Http2Stream>();
  #window = initialWindow;
  maxFrame = initialMaxFrame;
  /** Does the socket buffer what it is given? */
  congested = false;
  #scheduled = false;
  /** While frames are read: what answers them is sent when all are. */
  #held = false;
  #over = false;
  /** Of the client's HPACK decoder, as far as it was told. Blocks use no table, so that it need not grow. */
  #tableSize = initialTableSize;
  #tableChanged = false;

  constructor(socket: ByteSink) {
    this.#socket = socket;
  }

  /** Bytes of data that may go out now on any stream, in one frame. */
  get allowance(): number {
    return Math.min(this.#window, this.maxFrame, maxWriteBytes);
  }

  spend(bytes: number): void {
    this.#window -= bytes;
  }

  /** @returns False when the window becomes larger than one may be. */
  widen(bytes: number): boolean {
    this.#window += bytes;
    return this.#window <= maxWindow;
  }

  headers(stream: number, block: HeaderBlock, end: boolean): void {
    const whole = this.#tableChanged ? Buffer.concat([emptyTable, block]) : block;
    this.#tableChanged = false;
    this.frames.headers(stream, whole, end, this.maxFrame);
  }

  /**
   * The client's limit on its table. The first header block after a smaller one has to say that the table
   * is as small (RFC 7541 §4.2); one that is empty stays within every limit that may follow.
   */
  limitTable(size: number): void {
    if (size >= this.#tableSize) return;
    this.#tableSize = 0;
    this.#tableChanged = true;
  }

  /** Calls the stream back when its data, or more of it, can go out. */
  wait(stream: Http2Stream): void {
    this.#waiting.add(stream);
  }

  forget(stream: Http2Stream): void {
    this.#waiting.delete(stream);
  }

  /** Sends what had to wait, as far as it can go now. @returns whether the turn was over before that */
  pump(turn: Turn): boolean {
    for (const stream of this.#waiting) {
      if (this.congested) break;
      if (turn.over) return true;
      if (!stream.sendWaiting()) continue;
      // Behind the others, who have their turns before this loop comes to it again.
      if (this.#waiting.delete(stream)) this.#waiting.add(stream);
    }
    this.schedule();
    return false;
  }

  /** Frames were written: they are sent at the end of this turn, or now when it is much. */
  schedule(): void {
    if (this.frames.length >= maxWriteBytes) this.flush();
    if (this.#held || this.#scheduled || this.frames.length === 0) return;
    this.#scheduled = true;
    setImmediate(this.#onTurn);
  }

  readonly #onTurn = (): void => {
    this.#scheduled = false;
    this.flush();
  };

  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.flush();
  }

  flush(): void {
    if (this.frames.length === 0) return;
    const bytes = this.frames.take();
    if (this.#over) return;
    if (!this.#socket.write(bytes)) this.congested = true;
  }

  /** Nothing is sent any more. */
  stop(): void {
    this.#over = true;
    this.#waiting.clear();
  }
}
