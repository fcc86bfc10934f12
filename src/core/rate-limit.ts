/** How often something may happen. */
export interface Rate {
  /** So often at once, after a while without. */
  readonly burst: number;
  /** So often all the time. */
  readonly perSecond: number;
}

/** Counts how often something happens, as a bucket that fills with time and that each time takes from. */
export class RateLimit {
  readonly #rate: Rate;
  #left: number;
  #since: number | undefined;

  constructor(rate: Rate) {
    this.#rate = rate;
    this.#left = rate.burst;
  }

  /** @param now in milliseconds. @returns False: it happens too often. */
  take(now: number): boolean {
    const { burst, perSecond } = this.#rate;
    const seconds = (now - (this.#since ?? now)) / 1000;
    this.#since = now;
    this.#left = Math.min(burst, this.#left + seconds * perSecond) - 1;
    return this.#left >= 0;
  }

  /** So many times more are right. */
  allow(times: number): void {
    this.#left = Math.min(this.#rate.burst, this.#left + times);
  }
}
