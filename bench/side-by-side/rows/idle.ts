import { join } from "node:path";
import { RedisServer } from "../../../tests/support/redis.ts";
import { type Bench, interleave, type Measurement } from "../bench.ts";
import { type Contender, startServer } from "../contender.ts";
import { flagDocument } from "../flags.ts";
import { type Line, medianLine } from "../table.ts";

/** The start is over, and what the runtime does less of while nothing happens it does less of. */
const settleMs = 40_000;
const idleMs = 60_000;

/** What a daemon costs that nobody asks. All are idle in the same minute. */
export const idle: Measurement = {
  id: "idle",
  async run(bench) {
    const file = join(bench.folder, "idle.json");
    await Bun.write(file, flagDocument(100));
    const first = await percent(bench, bench.contenders, `file:${file}`);
    await using redis = await RedisServer.start();
    await redis.set("flags", flagDocument(100));
    // Go flagd has no such source.
    const ours = bench.contenders.slice(0, 1);
    const second = await percent(bench, ours, `redis://127.0.0.1:${redis.port}/0?key=flags`);
    const format = (share: number) => `${share.toPrecision(2)} %`;
    const line = (work: string, shares: readonly (readonly number[])[]): Line =>
      medianLine(work, shares, (share) => share, format);
    return [
      { ...line("CPU of one core while nobody asks, file", first), target: "0.03 %" },
      { ...line("– flags in Redis, changes pushed", second), target: "0.06 %" },
    ];
  },
};

async function percent(bench: Bench, contenders: readonly Contender[], source: string) {
  return await interleave({ ...bench, contenders, rounds: 1 }, async (contender) => {
    await using server = await startServer(contender, source);
    await Bun.sleep(settleMs);
    const before = server.usage().cpuMicros;
    await Bun.sleep(idleMs);
    return ((server.usage().cpuMicros - before) / 1000 / idleMs) * 100;
  });
}
