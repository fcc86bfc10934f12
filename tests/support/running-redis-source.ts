import { systemClock } from "../../src/sources/clock.ts";
import type { RedisSourceOptions } from "../../src/sources/redis/options.ts";
import { RedisSource } from "../../src/sources/redis/source.ts";
import type { Payload, SourceSink } from "../../src/sources/source.ts";
import { rememberingLog } from "./silent-log.ts";
import { until } from "./until.ts";

/** A Redis source at work, and what it has delivered. `await using` stops it. */
export class RunningRedisSource implements SourceSink, AsyncDisposable {
  readonly payloads: Payload[] = [];
  readonly failures: string[] = [];
  readonly log = rememberingLog();
  readonly source: RedisSource;
  /** With the error that ended it, if one did. */
  readonly ended: Promise<unknown>;
  unchangedCalls = 0;
  readonly #abort = new AbortController();

  constructor(options: RedisSourceOptions, clock = systemClock) {
    this.source = new RedisSource(options, { clock, log: this.log });
    this.ended = this.source.run(this, this.#abort.signal).then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  async accept(payload: Payload): Promise<boolean> {
    this.payloads.push(payload);
    return true;
  }

  unchanged(): void {
    this.unchangedCalls++;
  }

  failed(reason: string): void {
    this.failures.push(reason);
  }

  /** The document delivered last. */
  get document(): string | undefined {
    const document = this.payloads.at(-1)?.document;
    return document instanceof Uint8Array ? new TextDecoder().decode(document) : document;
  }

  /** How many polls and attempts have had a result. */
  get results(): number {
    return this.payloads.length + this.failures.length + this.unchangedCalls;
  }

  async delivers(document: string): Promise<void> {
    await until(`the delivery of ${document.slice(0, 80)}`, () => this.document === document).catch(
      (error) => {
        throw new Error(`${error}; it delivered ${this.document?.slice(0, 200)}`);
      },
    );
  }

  /** Waits until it has failed for a reason that contains `text` or matches it. */
  async fails(text: string | RegExp): Promise<string> {
    const fits = (reason: string) =>
      typeof text === "string" ? reason.includes(text) : text.test(reason);
    return await until(`the failure ${text}`, () => this.failures.find(fits)).catch((error) => {
      throw new Error(`${error}; it failed with ${[...new Set(this.failures)].join("; ")}`);
    });
  }

  /** Has it fetch now, and waits for the result. */
  async resync(): Promise<void> {
    const before = this.results;
    this.source.resync();
    await until("the result of a resync", () => this.results > before);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.ended;
  }
}
