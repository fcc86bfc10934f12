import { systemClock } from "../../src/sources/clock.ts";
import type { RedisSourceOptions } from "../../src/sources/redis/options.ts";
import { RedisSource } from "../../src/sources/redis/source.ts";
import { RunningSource } from "./running-source.ts";
import { rememberingLog } from "./silent-log.ts";
import { until } from "./until.ts";

/** A Redis source at work, with its log. */
export class RunningRedisSource extends RunningSource {
  constructor(
    options: RedisSourceOptions,
    clock = systemClock,
    readonly log = rememberingLog(),
  ) {
    super(new RedisSource(options, { clock, log }));
  }

  /** The document delivered last. */
  get document(): string | undefined {
    return this.documents.at(-1);
  }

  /** How many polls and attempts have had a result. */
  get results(): number {
    return this.payloads.length + this.failures.length + this.unchangedCalls;
  }

  /** Has it fetch now, and waits for the result. */
  async resync(): Promise<void> {
    const before = this.results;
    this.source.resync();
    await until("the result of a resync", () => this.results > before);
  }
}
