import { RateLimit } from "../../core/rate-limit.ts";

const rate = { burst: 20, perSecond: 1 };
const maxAddresses = 10_000;

/** How often each address has failed of late. The oldest addresses are forgotten if there are too many. */
export class FailedTries {
  readonly #limits = new Map<string, RateLimit>();

  /** @param now in milliseconds. @returns False: the address has failed too often. */
  take(address: string, now: number): boolean {
    let limit = this.#limits.get(address);
    if (limit === undefined) {
      limit = new RateLimit(rate);
      const [oldest] = this.#limits.keys();
      if (oldest !== undefined && this.#limits.size >= maxAddresses) this.#limits.delete(oldest);
      this.#limits.set(address, limit);
    }
    return limit.take(now);
  }

  get size(): number {
    return this.#limits.size;
  }
}
