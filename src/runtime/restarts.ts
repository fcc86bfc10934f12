/** No wait before a restart is longer; what lasts longer than this is well. */
const maxMs = 60_000;

/**
 * Waits before something that should not have ended is started again: each is twice as long as the one
 * before, until it has lasted.
 */
export class Restarts {
  #nextMs: number;

  constructor(readonly firstMs: number) {
    this.#nextMs = firstMs;
  }

  /** @param lastedMs from its start to its end */
  wait(lastedMs: number): number {
    const ms = lastedMs > maxMs ? this.firstMs : this.#nextMs;
    this.#nextMs = Math.min(maxMs, ms * 2);
    return ms;
  }
}
