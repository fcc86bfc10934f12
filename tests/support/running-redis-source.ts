import { systemClock } from "../../src/core/clock.ts";
import type { RedisSourceConfig } from "../../src/sources/redis/redis-kind.ts";
import { RedisSource } from "../../src/sources/redis/redis-source.ts";
import { rememberingLog } from "./remembering-log.ts";
import { RunningSource } from "./running-source.ts";
import { redisConfig } from "./source-configs.ts";
import { until } from "./until.ts";

export interface RunningRedisOptions extends Partial<RedisSourceConfig> {
  readonly uri: string;
  readonly timeoutMs?: number;
}

/** A Redis source at work, with its log. */
export class RunningRedisSource extends RunningSource {
  constructor(
    { timeoutMs, uri, ...members }: RunningRedisOptions,
    clock = systemClock,
    readonly log = rememberingLog(),
  ) {
    const config = redisConfig(uri, members);
    super(new RedisSource(config, { clock, log, ...(timeoutMs && { timeoutMs }) }));
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
