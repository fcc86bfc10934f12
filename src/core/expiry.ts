/**
 * Things that must not last longer than a fixed time. As the time is the same for all of them, they
 * expire in the order in which they were added: one timer for a whole listener instead of one each.
 */
export class ExpiryQueue<T> {
  #timeoutMs: number;
  readonly #onExpired: (item: T) => void;
  readonly #since = new Map<T, number>();

  constructor(timeoutMs: number, onExpired: (item: T) => void) {
    this.#timeoutMs = timeoutMs;
    this.#onExpired = onExpired;
  }

  get size(): number {
    return this.#since.size;
  }

  has(item: T): boolean {
    return this.#since.has(item);
  }

  /** Starts the item's time, anew if it is here already. */
  add(item: T, now: number): void {
    this.#since.delete(item);
    this.#since.set(item, now);
  }

  /** False: it was not here, or its time was over. */
  delete(item: T): boolean {
    return this.#since.delete(item);
  }

  /** From here on things have less time, those that are here as well. */
  shorten(timeoutMs: number, now: number): void {
    this.#timeoutMs = Math.min(this.#timeoutMs, timeoutMs);
    this.sweep(now);
  }

  /** Takes out everything whose time is over. */
  sweep(now: number): void {
    for (const [item, since] of this.#since) {
      if (now - since < this.#timeoutMs) return;
      this.#since.delete(item);
      this.#onExpired(item);
    }
  }
}
