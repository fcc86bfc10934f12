import type { Clock } from "../core/clock.ts";

/** In milliseconds. */
export interface BackoffBounds {
  /** Bound of the first wait. */
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Between attempts to reach a source. */
export const sourceBackoff: BackoffBounds = { firstMs: 1_000, maxMs: 60_000 };

/** Between attempts to reach what is polled: no wait is longer than the interval, in seconds. */
export function pollBackoff({ interval }: { readonly interval: number }): BackoffBounds {
  return { ...sourceBackoff, maxMs: Math.min(sourceBackoff.maxMs, interval * 1000) };
}

/**
 * Waits between attempts: exponential with full jitter (each wait is uniform between 0 and the
 * growing bound, so that clients of one server that went away do not return together), after
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
 */
export class Backoff {
  #attempt = 0;

  constructor(
    private readonly clock: Clock,
    private readonly bounds: BackoffBounds,
  ) {}

  /** The next wait in milliseconds. */
  next(): number {
    const { firstMs, maxMs } = this.bounds;
    const bound = Math.min(maxMs, firstMs * 2 ** Math.min(this.#attempt++, 30));
    return this.clock.random() * bound;
  }

  /** Starts again with the shortest wait. Call it when something was delivered, not merely reached. */
  reset(): void {
    this.#attempt = 0;
  }
}
