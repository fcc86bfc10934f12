import { join } from "node:path";
import { RedisServer } from "../../../tests/support/redis.ts";
import { type Bench, interleave, type Measurement } from "../bench.ts";
import { startServer } from "../contender.ts";
import { flagDocument } from "../flags.ts";
import { medianLine, megabytes, milliseconds } from "../table.ts";

const flags = 1000;

/** From creating the process until it answers, and the memory that it then has. */
export const start: Measurement = {
  id: "start",
  async run(bench) {
    const file = join(bench.folder, "thousand.json");
    await Bun.write(file, flagDocument(flags));
    const results = await measure(bench, `file:${file}`);
    const title = `start to ready, file of ${flags} flags`;
    return [
      medianLine(title, results, ({ readyMs }) => readyMs, milliseconds, "1×"),
      medianLine("– to the first evaluation", results, (r) => r.evaluatedMs, milliseconds),
      medianLine("– memory, idle", results, ({ memory }) => memory, megabytes, "1×"),
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
    const results = await measure({ ...bench, contenders }, uri);
    const title = `start to ready, ${flags} flags in Redis`;
    return [medianLine(title, results, ({ readyMs }) => readyMs, milliseconds)];
  },
};

function measure(bench: Bench, source: string) {
  const rounds = bench.rounds * bench.repetitions;
  return interleave({ contenders: bench.contenders, rounds }, async (contender) => {
    await using server = await startServer(contender, source);
    const { readyMs, evaluatedMs } = server;
    await Bun.sleep(300);
    return { readyMs, evaluatedMs, memory: server.usage().memory };
  });
}
