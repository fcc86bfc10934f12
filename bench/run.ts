/**
 * Compares `dist/flagd` with Go flagd on this machine and prints Markdown tables.
 *
 *   bun bench/run.ts [--go path/to/flagd] [--ours path] [--rounds 2] [--quick] [--rows id,id…]
 *
 * Builds `dist/flagd` unless `--ours` names a binary. Needs Linux, h2load and nghttpd (nghttp2), nginx, wrk, openssl
 * and redis-server; `--rows` leaves out what is not there. CPU is user and system time of the daemon and all its children, as the
 * kernel counts it; everything is the median of interleaved rounds after a warm-up. Exits with 1 where
 * a measurement failed; the others are printed all the same.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Bench, type Measurement, runAll } from "./side-by-side/bench.ts";
import { environment } from "./side-by-side/environment.ts";
import { constantColumns, constants } from "./side-by-side/rows/constants.ts";
import { evaluation } from "./side-by-side/rows/evaluation.ts";
import { eventStreams } from "./side-by-side/rows/event-streams.ts";
import { fairness, fairnessDetails, fairnessOfWorkers } from "./side-by-side/rows/fairness.ts";
import { idle } from "./side-by-side/rows/idle.ts";
import { largeDocuments } from "./side-by-side/rows/large-documents.ts";
import { loadDetails, loads } from "./side-by-side/rows/load.ts";
import { bulks, hugeStart } from "./side-by-side/rows/many-flags.ts";
import { memory } from "./side-by-side/rows/memory.ts";
import { redisChange } from "./side-by-side/rows/redis-change.ts";
import { start, startFromRedis } from "./side-by-side/rows/start.ts";
import { manySyncStreams, syncStreams } from "./side-by-side/rows/sync-streams.ts";
import { table } from "./side-by-side/table.ts";

interface Part {
  readonly title: string;
  /** Names of the columns; without: those of the contenders. */
  readonly columns?: readonly string[];
  readonly measurements: readonly Measurement[];
  readonly details?: readonly string[];
  /** Left out unless `--rows` names it. */
  readonly onlyNamed?: boolean;
}

const parts: readonly Part[] = [
  { title: "CPU of the server for each request", measurements: loads, details: loadDetails },
  {
    title: "CPU of the server for each request, beside servers in C that answer a constant",
    columns: constantColumns,
    measurements: constants,
  },
  { title: "Answers about many flags", measurements: bulks },
  {
    title: "Start, memory, streams",
    measurements: [
      start,
      startFromRedis,
      hugeStart,
      memory,
      idle,
      redisChange,
      eventStreams,
      syncStreams,
      manySyncStreams,
    ],
  },
  {
    title: "p99 of evaluations while one client floods the port",
    measurements: fairness,
    details: fairnessDetails,
  },
  {
    title: "The same of two workers",
    measurements: fairnessOfWorkers,
    details: fairnessDetails,
    onlyNamed: true,
  },
  { title: "Evaluations while documents are polled and change", measurements: [largeDocuments] },
  { title: "In process", measurements: [evaluation] },
];

const { values } = parseArgs({
  options: {
    go: { type: "string" },
    ours: { type: "string" },
    rounds: { type: "string", default: "2" },
    quick: { type: "boolean", default: false },
    rows: { type: "string" },
  },
});

const ids = parts.flatMap(({ measurements }) => measurements.map(({ id }) => id));
const rows =
  values.rows?.split(",") ??
  parts.flatMap(({ measurements, onlyNamed }) =>
    onlyNamed ? [] : measurements.map(({ id }) => id),
  );
const unknown = rows.filter((id) => !ids.includes(id));
if (unknown.length > 0) {
  console.error(`--rows: ${unknown.join(", ")} is not one of ${ids.join(", ")}`);
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
  repetitions: values.quick ? 2 : 4,
  requests: values.quick ? 40_000 : 1_000_000,
  folder,
};
try {
  const head = await environment(bench.contenders, process.argv.slice(2));
  console.log(head);
  for (const { title, columns, measurements, details } of parts) {
    const wanted = measurements.filter(({ id }) => rows.includes(id));
    if (wanted.length === 0) continue;
    const { lines, failed } = await runAll(wanted, bench, console.error);
    if (failed.length > 0) process.exitCode = 1;
    const names = columns ?? bench.contenders.map(({ name }) => name);
    console.log(`\n### ${title}\n\n${table(names, lines, details)}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
