import type { Clock } from "../core/clock.ts";
import { contentHash } from "./content-hash.ts";
import { pollBackoff, RetryLoop } from "./retry-loop.ts";
import type { Polling } from "./settings.ts";
import { type Payload, type Source, SourceError, type SourceSink } from "./source.ts";
import type { WebClient } from "./web/web-client.ts";

interface PollerOptions {
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

interface PolledSourceOptions {
  readonly name: string;
  readonly provider: string;
  /** Closed when the source ends. */
  readonly client: WebClient;
  readonly clock: Clock;
  readonly polling: Polling;
}

/** Flags from a document on the web that is polled. */
export abstract class PolledSource implements Source {
  readonly name: string;
  readonly provider: string;
  readonly #client: WebClient;
  readonly #poller: Poller;

  protected constructor({ client, provider, ...polled }: PolledSourceOptions) {
    this.name = polled.name;
    this.provider = provider;
    this.#client = client;
    this.#poller = new Poller({ ...polled, poll: (signal) => this.poll(signal) });
  }

  /** As the poller's. */
  protected abstract poll(signal: AbortSignal): Promise<Payload | undefined>;

  async run(sink: SourceSink, signal: AbortSignal): Promise<void> {
    try {
      await this.#poller.run(sink, signal);
    } finally {
      this.#client.close();
    }
  }

  resync(): void {
    this.#poller.resync();
  }
}

/**
 * When a source polls, after its first poll: every `interval` seconds, shifted by a part of the
 * interval that chance decides, so that daemons started together do not all ask in the same second.
 * With an `intervalSeed` the seed decides: at the same seconds of the wall clock in every process that has it.
 */
export class PollSchedule {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  /** A time, on the clock of `now()`, at which a poll was due. */
  readonly #origin: number;

  /** @param wallMs milliseconds since 1970 */
  constructor(clock: Clock, { interval, intervalSeed }: Polling, wallMs: () => number = Date.now) {
    this.#clock = clock;
    this.#intervalMs = interval * 1000;
    const shift = intervalSeed
      ? (fnv1a(intervalSeed) % interval) * 1000 - (wallMs() % this.#intervalMs)
      : -clock.random() * this.#intervalMs;
    this.#origin = clock.now() + shift;
  }

  /** The time of the next poll, on the clock of `now()`; more than a millisecond ahead. */
  next(): number {
    const passed = Math.floor((this.#clock.now() + 1 - this.#origin) / this.#intervalMs);
    return this.#origin + (passed + 1) * this.#intervalMs;
  }
}

/** FNV-1a, 32 bit (draft-eastlake-fnv), over UTF-8. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}
