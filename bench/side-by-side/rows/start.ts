import { join } from "node:path";
import { RedisServer } from "../../../tests/support/redis.ts";
import { type Bench, interleave, type Measurement } from "../bench.ts";
import { startServer } from "../contender.ts";
import { flagDocument } from "../flags.ts";
import { median } from "../statistics.ts";
import { megabytes, milliseconds, ratioOf } from "../table.ts";

const flags = 1000;
const startsPerRound = 7;

/** From creating the process until it answers, and the memory that it then has. */
export const start: Measurement = {
  id: "start",
  async run(bench) {
    const file = join(bench.folder, "thousand.json");
    await Bun.write(file, flagDocument(flags));
    const results = await measure(bench, `file:${file}`);
    const ready = results.map((starts) => median(starts.map(({ readyMs }) => readyMs)));
    const evaluated = results.map((starts) => median(starts.map((start) => start.evaluatedMs)));
    const memories = results.map((starts) => median(starts.map(({ memory }) => memory)));
    return [
      {
        work: `start to ready, file of ${flags} flags`,
        cells: ready.map(milliseconds),
        ratio: ratioOf(ready),
      },
      {
        work: "start to first evaluation, the same file",
        cells: evaluated.map(milliseconds),
        ratio: ratioOf(evaluated),
      },
      {
        work: `idle memory, ${flags} flags`,
        cells: memories.map(megabytes),
        ratio: ratioOf(memories),
      },
    ];
  },
};

/** Go flagd has no such source. */
export const startFromRedis: Measurement = {
  id: "start-redis",
  async run(bench) {
    await using redis = await RedisServer.start();
    await redis.set("flags", flagDocument(flags));
    const contenders = bench.contenders.slice(0, 1);
    const uri = `redis://127.0.0.1:${redis.port}/0?key=flags`;
    const [starts = []] = await measure({ ...bench, contenders }, uri);
    const time = milliseconds(median(starts.map(({ readyMs }) => readyMs)));
    const none = bench.contenders.slice(1).map(() => "–");
    return [
      {
        work: `start to ready, ${flags} flags in Redis`,
        cells: [time, ...none],
        ratio: undefined,
      },
    ];
  },
};

function measure(bench: Bench, source: string) {
  const rounds = bench.rounds * startsPerRound;
  return interleave({ contenders: bench.contenders, rounds }, async (contender) => {
    await using server = await startServer(contender, source);
    const { readyMs, evaluatedMs } = server;
    await Bun.sleep(300);
    return { readyMs, evaluatedMs, memory: server.usage().memory };
  });
}
