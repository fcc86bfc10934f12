import { join } from "node:path";
import { RedisServer } from "../../../tests/support/redis.ts";
import type { Measurement } from "../bench.ts";
import { type Contender, startServer } from "../contender.ts";
import { flagDocument } from "../flags.ts";
import { type Line, ratioOf } from "../table.ts";

/** The start is over, and what the runtime does less of while nothing happens it does less of. */
const settleMs = 40_000;
const idleMs = 60_000;

/** What a daemon costs that nobody asks. All are idle in the same minute. */
export const idle: Measurement = {
  id: "idle",
  async run(bench) {
    const file = join(bench.folder, "idle.json");
    await Bun.write(file, flagDocument(100));
    await using redis = await RedisServer.start();
    await redis.set("flags", flagDocument(100));
    const uri = `redis://127.0.0.1:${redis.port}/0?key=flags`;
    const [files, stored] = await Promise.all([
      Promise.all(bench.contenders.map((contender) => percent(contender, `file:${file}`))),
      // Go flagd has no such source.
      Promise.all(bench.contenders.slice(0, 1).map((contender) => percent(contender, uri))),
    ]);
    const line = (work: string, shares: readonly number[], target: string): Line => ({
      work,
      cells: shares.map((share) => `${share.toPrecision(2)} %`),
      ratio: ratioOf(shares),
      target,
    });
    return [
      line("CPU of one core while nobody asks, file", files, "0.03 %"),
      line("– flags in Redis, changes pushed", stored, "0.06 %"),
    ];
  },
};

async function percent(contender: Contender, source: string): Promise<number> {
  await using server = await startServer(contender, source);
  await Bun.sleep(settleMs);
  const before = server.usage().cpuMicros;
  await Bun.sleep(idleMs);
  return ((server.usage().cpuMicros - before) / 1000 / idleMs) * 100;
}
