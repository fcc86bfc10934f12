import { join } from "node:path";
import { type Bench, interleave, type Measurement } from "../bench.ts";
import { type Contender, type Server, startServer } from "../contender.ts";
import { flagDocument } from "../flags.ts";
import { floods } from "../floods.ts";
import { type Latency, pace } from "../load.ts";
import { median } from "../statistics.ts";
import { type Line, ratioOf } from "../table.ts";
import { type Workload, workloads } from "../workloads.ts";

/** The columns beside the p99 during the flood. */
export const fairnessDetails = ["p50", "quiet p50, p99", "more memory at most, 5 s later"];

/** Calls per second of those who ask for little. */
const rate = 300;
const sampleMs = 100;
const restMs = 5000;

interface Result {
  readonly quiet: Latency;
  readonly flooded: Latency;
  /** Bytes beyond those before the flood: at most, and five seconds after it. */
  readonly most: number;
  readonly rested: number;
}

const row = (workers: number, { id, title }: (typeof floods)[number]): Measurement => ({
  id: workers > 1 ? `flood-${id}-workers` : `flood-${id}`,
  async run(bench) {
    const name = workers > 1 ? `${title}, ${workers} workers` : title;
    return [await measure(bench, id, name, workers)];
  },
});

/** What others wait while one client floods the evaluation port, and what it costs in memory. */
export const fairness: readonly Measurement[] = floods.map((flood) => row(1, flood));

/** The same of two workers, which wants a core for each of them, one for the flood and one for its victim. */
export const fairnessOfWorkers: readonly Measurement[] = floods.map((flood) => row(2, flood));

async function measure(bench: Bench, id: string, work: string, workers: number): Promise<Line> {
  const file = join(bench.folder, "hundred.json");
  await Bun.write(file, flagDocument(100));
  const unary = workloads.find((load) => load.id === "unary");
  if (!unary) throw new Error("there is no such workload");
  const load: Workload = { ...unary, rate };
  const contenders = bench.contenders.map((contender, n): Contender => {
    const ours = n === 0 && workers > 1;
    return ours ? { ...contender, options: ["--workers", `${workers}`] } : contender;
  });
  const results = await interleave({ contenders, rounds: 1 }, async (contender) => {
    await using server = await startServer(contender, `file:${file}`);
    await pace(load, server, 1);
    const quiet = await pace(load, server, bench.seconds);
    return { quiet, ...(await flooded(id, load, server, bench.seconds)) };
  });
  const of = (pick: (result: Result) => number) =>
    results.map((rounds) => median(rounds.map(pick)));
  const p99 = of((result) => result.flooded.p99);
  const p50 = of((result) => result.flooded.p50);
  const quiet50 = of(({ quiet }) => quiet.p50);
  const quiet99 = of(({ quiet }) => quiet.p99);
  const most = of((result) => result.most);
  const rested = of((result) => result.rested);
  return {
    work,
    cells: p99.map(ms),
    ratio: ratioOf(p99),
    target: `≤ ${ms(2 * (quiet99[0] ?? Number.NaN))}`,
    details: [
      p50.map(ms),
      quiet50.map((value, n) => `${value.toFixed(2)}, ${ms(quiet99[n] ?? Number.NaN)}`),
      most.map((bytes, n) => `${megabytes(bytes)}, ${megabytes(rested[n] ?? Number.NaN)} MB`),
    ],
  };
}

async function flooded(
  id: string,
  load: Workload,
  server: Server,
  seconds: number,
): Promise<Omit<Result, "quiet">> {
  const before = server.usage().memory;
  let most = 0;
  const sample = () => {
    most = Math.max(most, server.usage().memory - before);
  };
  const script = join(import.meta.dir, "../floods.ts");
  const child = Bun.spawn([process.execPath, script, id, String(server.port)], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  const sampling = setInterval(sample, sampleMs);
  try {
    await Bun.sleep(1000);
    const latency = await pace(load, server, seconds);
    sample();
    child.kill("SIGKILL");
    await child.exited;
    await Bun.sleep(restMs);
    return { flooded: latency, most, rested: server.usage().memory - before };
  } finally {
    clearInterval(sampling);
    child.kill("SIGKILL");
  }
}

const ms = (value: number) => `${value.toFixed(2)} ms`;
const megabytes = (bytes: number) => `${bytes < 0 ? "" : "+"}${(bytes / 1e6).toFixed(0)}`;
