import { RedisClient } from "bun";
import { RedisServer } from "../../../tests/support/redis.ts";
import type { Measurement } from "../bench.ts";
import { type Server, startServer } from "../contender.ts";
import { quantile } from "../statistics.ts";
import { milliseconds } from "../table.ts";

const changes = 200;

const documentOf = (version: number) =>
  JSON.stringify({
    flags: { version: { state: "ENABLED", variants: { now: version }, defaultVariant: "now" } },
  });

/** From writing a document to Redis until it is what is answered. Go flagd has no such source. */
export const redisChange: Measurement = {
  id: "redis-change",
  async run({ contenders }) {
    const [ours] = contenders;
    if (ours === undefined) throw new Error("nothing to measure");
    await using redis = await RedisServer.start();
    await redis.set("flags", documentOf(0));
    const uri = `redis://127.0.0.1:${redis.port}/0?key=flags`;
    await using server = await startServer(ours, uri, "version");
    const writer = new RedisClient(`redis+unix://admin:admin@localhost${redis.socketPath}`);
    const times: number[] = [];
    try {
      for (let version = 1; version <= changes; version++) {
        times.push(await change(server, writer, version));
        await Bun.sleep(20 + Math.random() * 40);
      }
    } finally {
      writer.close();
    }
    return [
      {
        work: "a change in Redis until it is answered: p50",
        cells: [milliseconds(quantile(times, 0.5))],
        target: "3 ms",
      },
      { work: "– p99", cells: [milliseconds(quantile(times, 0.99))], target: "15 ms" },
    ];
  },
};

async function change(server: Server, writer: RedisClient, version: number): Promise<number> {
  const flag = `http://127.0.0.1:${server.ofrepPort}/ofrep/v1/evaluate/flags/version`;
  const began = performance.now();
  await writer.set("flags", documentOf(version));
  for (;;) {
    const answer = (await (await fetch(flag, { method: "POST" })).json()) as { value: number };
    if (answer.value === version) return performance.now() - began;
  }
}
