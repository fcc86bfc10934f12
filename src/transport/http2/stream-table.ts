import { broken, ConnectionError, errorCode } from "./frames.ts";
import type { Http2Stream } from "./http2-stream.ts";

/** The streams of one connection: those that are open, and what is known of those that are over. */
export class StreamTable {
  readonly #open = new Map<number, Http2Stream>();
  readonly #past = new PastStreams();
  readonly #limit: number;
  #last = 0;
  /** Streams that are over though work for them goes on. */
  #abandoned = 0;

  /** @param limit streams that may be open at once */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Whether no more may be opened. Streams that were reset count until the work for them has ended. */
  get full(): boolean {
    return this.#open.size >= this.#limit || this.#abandoned >= this.#limit;
  }

  /** The highest number that the client has used. */
  get last(): number {
    return this.#last;
  }

  get(id: number): Http2Stream | undefined {
    return this.#open.get(id);
  }

  [Symbol.iterator](): Iterator<Http2Stream> {
    return this.#open.values();
  }

  /** The client uses a number for the first time. */
  use(id: number): void {
    this.#last = id;
  }

  /** @throws ConnectionError when the client has not used that number yet */
  checkUsed(id: number): void {
    if (id > this.#last) throw broken("a frame on a stream that is not open");
  }

  add(stream: Http2Stream): void {
    this.#open.set(stream.id, stream);
  }

  /** Is over. */
  delete(stream: Http2Stream): void {
    this.#open.delete(stream.id);
    if (stream.occupied) this.#abandoned++;
    if (!stream.remoteEnded) this.#past.add(stream.id);
  }

  /** Was not opened, and the client may still be sending. */
  refuse(id: number): void {
    this.#past.add(id);
  }

  /** Nobody is at work any more for a stream that is over. */
  vacate(): void {
    this.#abandoned--;
  }

  /** The client resets it. */
  forget(id: number): void {
    this.#past.end(id);
  }

  /**
   * Data or headers on a stream that the client has ended, or that is over.
   * @throws ConnectionError when it is not because they were on their way already
   */
  passOver(id: number, last: boolean): void {
    if (this.#open.has(id) || !this.#past.mayReceive(id)) {
      throw new ConnectionError(errorCode.streamClosed, "a frame on a stream that has ended");
    }
    if (last) this.#past.end(id);
  }
}

/** Streams that clients leave open are remembered up to this many; of older ones nothing is known. */
const maxRemembered = 1024;

/**
 * Streams that were answered or reset before the client ended its side: what it sends on them was on
 * its way and is passed over. On all others that are over there is nothing to send (RFC 9113 §5.1).
 */
export class PastStreams {
  readonly #unended = new Set<number>();
  #lastForgotten = 0;

  add(stream: number): void {
    this.#unended.add(stream);
    if (this.#unended.size <= maxRemembered) return;
    for (const oldest of this.#unended) {
      this.#unended.delete(oldest);
      this.#lastForgotten = Math.max(this.#lastForgotten, oldest);
      return;
    }
  }

  /** May the client still be sending on a stream that is over here? */
  mayReceive(stream: number): boolean {
    return this.#unended.has(stream) || stream <= this.#lastForgotten;
  }

  end(stream: number): void {
    this.#unended.delete(stream);
  }
}
