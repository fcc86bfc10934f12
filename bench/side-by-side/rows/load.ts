import { join } from "node:path";
import { interleave, type Measurement } from "../bench.ts";
import { checkAnswer } from "../check.ts";
import { startServer } from "../contender.ts";
import { flagDocument } from "../flags.ts";
import { pace, saturate } from "../load.ts";
import { median } from "../statistics.ts";
import { ratioOf } from "../table.ts";
import { type Workload, workloads } from "../workloads.ts";

/** Throughput and CPU per request when saturated; latency at a fixed rate. */
export const loads: readonly Measurement[] = workloads.map((load) => ({
  id: load.id,
  run: (bench) => measure(load, bench),
}));

const measure = async (load: Workload, bench: Parameters<Measurement["run"]>[0]) => {
  const { seconds } = bench;
  const file = join(bench.folder, "hundred.json");
  await Bun.write(file, flagDocument(100));
  const results = await interleave(bench, async (contender) => {
    await using server = await startServer(contender, `file:${file}`);
    await checkAnswer(load, server);
    await saturate(load, server, seconds);
    const before = server.usage().cpuMicros;
    const requests = await saturate(load, server, seconds);
    const cpu = (server.usage().cpuMicros - before) / requests;
    const latency = await pace(load, server, seconds);
    return { perSecond: requests / seconds, cpu, ...latency };
  });
  const medians = results.map((rounds) => ({
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
    cpu: median(rounds.map(({ cpu }) => cpu)),
    p50: median(rounds.map(({ p50 }) => p50)),
    p99: median(rounds.map(({ p99 }) => p99)),
  }));
  return [
    {
      work: load.title,
      cells: medians.map(
        ({ perSecond, cpu, p50, p99 }) =>
          `${micros(cpu)} µs CPU, ${Math.round(perSecond).toLocaleString("en")}/s; ` +
          `p50 ${p50.toFixed(2)}, p99 ${p99.toFixed(2)} ms at ${load.rate}/s`,
      ),
      ratio: ratioOf(medians.map(({ cpu }) => cpu)),
    },
  ];
};

const micros = (cpu: number) =>
  cpu < 1000 ? cpu.toPrecision(3) : Math.round(cpu).toLocaleString("en");
