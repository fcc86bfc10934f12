import type { Clock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import { isPermanent, SourceError, type SourceSink } from "./source.ts";

interface RetryLoopOptions {
  /** Of the source, for the error that ends it. */
  readonly name: string;
  readonly clock: Clock;
  /** Between attempts after a failure. Default: 1 s to 60 s. */
  readonly backoff?: BackoffBounds;
}

/**
 * One attempt to get flags: one poll, or one connection for as long as it lasts.
 * @param signal aborts it
 * @returns when the next one is due, on the clock of `now()`; undefined: after the backoff
 */
export type Attempt = (signal: AbortSignal) => Promise<number | undefined>;

/**
 * What every source does: attempts without end, the next one when it is due, when it is woken, or after a
 * failure with growing waits, counted from the start of one attempt to the start of the next: one that hangs
 * does not delay the next.
 */
export class RetryLoop {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  #reached = false;
  /** Waits after a failure count from here. */
  #since = 0;
  #attempt = new AbortController();
  #wait = new AbortController();
  /** To be woken while nothing waits ends the next wait. */
  #woken = false;

  constructor({ name, clock, backoff = sourceBackoff }: RetryLoopOptions) {
    this.#name = name;
    this.#clock = clock;
    this.#backoff = new Backoff(clock, backoff);
  }

  /** Whether an attempt has ever got through. */
  get reached(): boolean {
    return this.#reached;
  }

  /** An attempt got through: from now on no failure is one of the configuration. */
  markReached(): void {
    this.#reached = true;
  }

  /** The source works: after a failure the waits begin with the shortest again, counted from the failure. */
  markWorking(): void {
    this.#reached = true;
    this.#backoff.reset();
    this.#since = Number.POSITIVE_INFINITY;
  }

  /** Begins the next attempt now, or once more after the one under way. */
  wakeUp(): void {
    this.#woken = true;
    this.#wait.abort();
  }

  /** Ends the attempt under way and begins another. */
  restart(): void {
    this.#attempt.abort();
  }

  /**
   * Until `signal` aborts.
   * @throws SourceError, a permanent one, before an attempt has got through
   */
  async run(attempt: Attempt, sink: SourceSink, signal: AbortSignal): Promise<void> {
    const abort = () => this.#attempt.abort();
    signal.addEventListener("abort", abort);
    try {
      while (!signal.aborted) {
        this.#attempt = new AbortController();
        this.#since = this.#clock.now();
        const due = await this.#try(attempt, sink, this.#attempt.signal);
        await this.sleepUntil(due, this.#attempt.signal);
      }
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Waits within an attempt as after a failure. */
  async backOff(signal: AbortSignal): Promise<void> {
    await this.sleepUntil(this.#clock.now() + this.#backoff.next(), signal);
  }

  /** Sleeps until `due`, on the clock of `now()`, until it is woken, or until `signal` aborts. */
  async sleepUntil(due: number, signal: AbortSignal): Promise<void> {
    const ms = due - this.#clock.now();
    if (ms > 0 && !signal.aborted && !this.#woken) {
      this.#wait = new AbortController();
      const wake = () => this.#wait.abort();
      signal.addEventListener("abort", wake);
      await this.#clock.sleep(ms, this.#wait.signal);
      signal.removeEventListener("abort", wake);
    }
    this.#woken = false;
  }

  /** @returns when the next attempt is due */
  async #try(attempt: Attempt, sink: SourceSink, signal: AbortSignal): Promise<number> {
    try {
      const due = await attempt(signal);
      if (due !== undefined || signal.aborted) return due ?? 0;
    } catch (failure) {
      if (signal.aborted) return 0;
      this.#report(failure, sink);
    }
    return Math.min(this.#since, this.#clock.now()) + this.#backoff.next();
  }

  #report(failure: unknown, sink: SourceSink): void {
    const reason = messageOf(failure);
    if (isPermanent(failure) && !this.#reached && !sink.serving) {
      throw new SourceError(`source ${this.#name}: ${reason}`, { retryable: false });
    }
    sink.failed(reason);
  }
}

/** In milliseconds. */
interface BackoffBounds {
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
 * Waits between attempts, of which each is uniform between 0 and a bound (full jitter), so that clients of one
 * server that went away do not return together; after
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/. The bound grows with the time that has
 * passed since the first failure, not with the number of attempts: after some short waits in a row it would be longer
 * than all that has passed, and a server that was away for a second would be missed for four more.
 */
export class Backoff {
  /** When it began to fail, on the clock of `now()`. */
  #failingSince: number | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly bounds: BackoffBounds,
  ) {}

  /** The next wait in milliseconds. */
  next(): number {
    const { firstMs, maxMs } = this.bounds;
    const now = this.clock.now();
    this.#failingSince ??= now;
    return this.clock.random() * Math.min(maxMs, firstMs + now - this.#failingSince);
  }

  /** Starts again with the shortest wait. Call it when something was delivered, not merely reached. */
  reset(): void {
    this.#failingSince = undefined;
  }
}
