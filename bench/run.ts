/**
 * Compares `dist/flagd` with Go flagd on this machine and prints a Markdown table.
 *
 *   bun bench/run.ts [--go path/to/flagd] [--ours path] [--rounds 3] [--quick] [--only id,id…]
 *
 * Builds `dist/flagd` unless `--ours` names a binary. Needs Linux, h2load (nghttp2), wrk, and
 * redis-server for one row. CPU is user and system time of the daemon and all its children, as the
 * kernel counts it; everything is the median of interleaved rounds after a warm-up.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Bench, Measurement } from "./side-by-side/bench.ts";
import { eventStreams } from "./side-by-side/rows/event-streams.ts";
import { loads } from "./side-by-side/rows/load.ts";
import { memory } from "./side-by-side/rows/memory.ts";
import { start, startFromRedis } from "./side-by-side/rows/start.ts";
import { type Line, table } from "./side-by-side/table.ts";

const measurements: readonly Measurement[] = [
  ...loads,
  start,
  startFromRedis,
  memory,
  eventStreams,
];

const { values } = parseArgs({
  options: {
    go: { type: "string" },
    ours: { type: "string" },
    rounds: { type: "string", default: "3" },
    quick: { type: "boolean", default: false },
    only: { type: "string" },
  },
});

const only = values.only?.split(",");
const unknown = only?.filter((id) => !measurements.some((measurement) => measurement.id === id));
if (unknown && unknown.length > 0) {
  const ids = measurements.map(({ id }) => id).join(", ");
  console.error(`--only: ${unknown.join(", ")} is not one of ${ids}`);
  process.exit(1);
}

const root = resolve(import.meta.dir, "..");
if (values.ours === undefined) await Bun.$`${process.execPath} build.ts`.cwd(root).quiet();

const folder = mkdtempSync(join(tmpdir(), "flagd-bench-"));
const bench: Bench = {
  contenders: [
    { name: "flagd", binary: resolve(values.ours ?? join(root, "dist/flagd")) },
    ...(values.go === undefined ? [] : [{ name: "Go flagd", binary: resolve(values.go) }]),
  ],
  rounds: values.quick ? 1 : Number(values.rounds),
  seconds: values.quick ? 2 : 4,
  requests: values.quick ? 100_000 : 1_000_000,
  folder,
};
try {
  const lines: Line[] = [];
  for (const measurement of measurements) {
    if (only && !only.includes(measurement.id)) continue;
    console.error(measurement.id);
    lines.push(...(await measurement.run(bench)));
  }
  const names = bench.contenders.map(({ name }) => name);
  console.log(`${availableParallelism()} × ${cpus()[0]?.model}, Bun ${Bun.version}\n`);
  console.log(table(names, lines));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
