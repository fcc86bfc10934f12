import { join } from "node:path";
import { type Bench, interleave, type Measurement } from "../bench.ts";
import { checkAnswer } from "../check.ts";
import { startServer } from "../contender.ts";
import { flagDocument } from "../flags.ts";
import { pace, saturate } from "../load.ts";
import { median } from "../statistics.ts";
import { type Line, microseconds, ratioOf } from "../table.ts";
import { type Workload, workloads } from "../workloads.ts";

/** The columns beside CPU for each request. */
export const loadDetails = ["requests/s", "p50, p99 at a rate"];

/** Throughput and CPU per request when saturated; latency at a fixed rate. */
export const loads: readonly Measurement[] = workloads.map((load) => ({
  id: load.id,
  run: async (bench) => [await measure(load, bench)],
}));

async function measure(load: Workload, bench: Bench): Promise<Line> {
  const { seconds } = bench;
  const file = join(bench.folder, "hundred.json");
  await Bun.write(file, flagDocument(100));
  const results = await interleave(bench, async (contender) => {
    await using server = await startServer(contender, `file:${file}`);
    await checkAnswer(load, server);
    await saturate(load, server, Math.ceil(seconds / 2));
    const before = server.usage().cpuMicros;
    const requests = await saturate(load, server, seconds);
    const cpu = (server.usage().cpuMicros - before) / requests;
    const latency = await pace(load, server, seconds);
    await checkAnswer(load, server);
    return { perSecond: requests / seconds, cpu, ...latency };
  });
  const medians = results.map((rounds) => ({
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
    cpu: median(rounds.map(({ cpu }) => cpu)),
    p50: median(rounds.map(({ p50 }) => p50)),
    p99: median(rounds.map(({ p99 }) => p99)),
  }));
  return {
    work: load.title,
    cells: medians.map(({ cpu }) => microseconds(cpu)),
    ratio: ratioOf(medians.map(({ cpu }) => cpu)),
    target: load.target,
    details: [
      medians.map(({ perSecond }) => Math.round(perSecond).toLocaleString("en")),
      medians.map(({ p50, p99 }) => `${p50.toFixed(2)}, ${p99.toFixed(2)} ms at ${load.rate}/s`),
    ],
  };
}
