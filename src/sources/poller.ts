import type { Clock } from "../core/clock.ts";
import { pollBackoff } from "./backoff.ts";
import { contentHash } from "./content-hash.ts";
import { PollSchedule } from "./poll-schedule.ts";
import { RetryLoop } from "./retry-loop.ts";
import type { Polling } from "./settings.ts";
import type { Payload, SourceSink } from "./source.ts";
import { SourceError } from "./source-error.ts";

export interface PollerOptions {
  /** Of the source, for the error that ends it. */
  readonly name: string;
  readonly clock: Clock;
  readonly polling: Polling;
  /**
   * One poll. Undefined: nothing has changed since the payload returned before.
   * @throws SourceError for what the operator should know
   */
  readonly poll: (signal: AbortSignal) => Promise<Payload | undefined>;
}

/**
 * Polls at once, then once per interval, one poll at a time; after a failure again with growing
 * waits, none longer than the interval. Only content that differs from the last is delivered.
 */
export class Poller {
  readonly #options: PollerOptions;
  readonly #schedule: PollSchedule;
  readonly #loop: RetryLoop;
  /** Of the document last delivered, accepted or not. */
  #lastHash: string | undefined;

  constructor(options: PollerOptions) {
    const { name, clock, polling } = options;
    this.#options = options;
    this.#schedule = new PollSchedule(clock, polling);
    this.#loop = new RetryLoop({ name, clock, backoff: pollBackoff(polling) });
  }

  /** Polls now, or once more after the poll that is under way. */
  resync(): void {
    this.#loop.wakeUp();
  }

  /** @throws SourceError, a permanent one, before the first success only */
  async run(sink: SourceSink, signal: AbortSignal): Promise<void> {
    await this.#loop.run((stop) => this.#poll(sink, stop), sink, signal);
  }

  async #poll(sink: SourceSink, signal: AbortSignal): Promise<number> {
    const payload = await this.#options.poll(signal);
    if (signal.aborted) return 0;
    this.#loop.markReached();
    if (payload?.document.length === 0) {
      throw new SourceError('the document is empty; to delete all flags, write {"flags":{}}');
    }
    this.#loop.markWorking();
    await this.#deliver(payload, sink);
    return this.#schedule.next();
  }

  async #deliver(payload: Payload | undefined, sink: SourceSink): Promise<void> {
    if (payload === undefined) return sink.unchanged();
    const hash = await contentHash(payload.document);
    if (hash === this.#lastHash) return sink.unchanged();
    this.#lastHash = hash;
    await sink.accept({ ...payload, hash });
  }
}
