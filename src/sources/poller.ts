import type { Polling } from "../config/sources/source-config.ts";
import type { Clock } from "../core/clock.ts";
import { type Backoff, pollBackoff } from "./backoff.ts";
import { contentHash } from "./content-hash.ts";
import { reportFailure, SourceFault } from "./source-error.ts";
import { PollSchedule } from "./poll-schedule.ts";
import type { Payload, SourceSink } from "./source.ts";

export interface PollerOptions {
  /** Of the source, for the error that ends it. */
  readonly name: string;
  readonly clock: Clock;
  readonly polling: Polling;
  /**
   * One look at the source. Undefined: nothing has changed since the payload returned before.
   * @throws SourceFault for what the operator should know
   */
  readonly look: (signal: AbortSignal) => Promise<Payload | undefined>;
}

/**
 * Looks at once, then once per interval, one look at a time; after a failure again with growing
 * waits, none longer than the interval. Only content that differs from what was handed over before is
 * handed over.
 */
export class Poller {
  readonly #options: PollerOptions;
  readonly #clock: Clock;
  readonly #schedule: PollSchedule;
  readonly #backoff: Backoff;
  /** Whether a look has ever succeeded. */
  #reached = false;
  /** Of the document last handed over, accepted or not. */
  #handedOver: string | undefined;
  #resyncAsked = false;
  #nap = new AbortController();

  constructor(options: PollerOptions) {
    const { clock, polling } = options;
    this.#options = options;
    this.#clock = clock;
    this.#schedule = new PollSchedule(clock, polling);
    this.#backoff = pollBackoff(clock, polling);
  }

  /** Looks now, or once more after the look that is under way. */
  resync(): void {
    this.#resyncAsked = true;
    this.#nap.abort();
  }

  /** @throws FatalSourceError before the first success only */
  async run(sink: SourceSink, signal: AbortSignal): Promise<void> {
    const wake = () => this.#nap.abort();
    signal.addEventListener("abort", wake);
    try {
      while (!signal.aborted) {
        const began = this.#clock.now();
        this.#resyncAsked = false;
        const failure = await this.#poll(sink, signal).catch((error: unknown) => error);
        if (signal.aborted) return;
        if (failure === undefined) this.#backoff.reset();
        else reportFailure(failure, { name: this.#options.name, reached: this.#reached }, sink);
        const now = this.#clock.now();
        // Attempts are so far apart from start to start: one that hangs does not delay the next.
        const wait = failure ? this.#backoff.next() - (now - began) : this.#schedule.next() - now;
        await this.#sleep(wait, signal);
      }
    } finally {
      signal.removeEventListener("abort", wake);
    }
  }

  async #poll(sink: SourceSink, signal: AbortSignal): Promise<void> {
    const payload = await this.#options.look(signal);
    if (signal.aborted) return;
    this.#reached = true;
    if (payload === undefined) return sink.unchanged();
    if (payload.document.length === 0) {
      throw new SourceFault('the document is empty; to delete all flags, write {"flags":{}}');
    }
    const hash = await contentHash(payload.document);
    if (hash === this.#handedOver) return sink.unchanged();
    this.#handedOver = hash;
    await sink.accept({ ...payload, hash });
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    this.#nap = new AbortController();
    if (ms <= 0 || signal.aborted || this.#resyncAsked) return;
    await this.#clock.sleep(ms, this.#nap.signal);
  }
}
