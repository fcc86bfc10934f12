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
