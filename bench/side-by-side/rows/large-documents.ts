import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RedisServer } from "../../../tests/support/redis.ts";
import { type Bench, interleave, type Measurement } from "../bench.ts";
import { type Contender, type Server, startServer } from "../contender.ts";
import { allDifferent, giantFlags, manyFlags } from "../large-flags.ts";
import { type Latency, pace } from "../load.ts";
import { median } from "../statistics.ts";
import { type Line, megabytes, milliseconds, ratioOf } from "../table.ts";
import { workloads } from "../workloads.ts";

/** How often the document changes during a measurement. */
const changeMs = 1500;

interface Kind {
  readonly title: string;
  readonly document: (revision: number) => string;
  readonly changing: boolean;
}

const kinds: readonly Kind[] = [
  { title: "10 MB, polled each second, unchanged", document: manyFlags, changing: false },
  { title: "10 MB, one flag of a thousand changes", document: manyFlags, changing: true },
  { title: "10 MB, every flag changes", document: allDifferent, changing: true },
  { title: "10 MB in 8 giant flags, all change", document: giantFlags, changing: true },
];

/** Evaluations while a large document is polled, or changes again and again. */
export const largeDocuments: Measurement = {
  id: "large-documents",
  async run(bench) {
    const lines: Line[] = [];
    for (const kind of kinds) lines.push(...(await measure(kind, bench)));
    return lines;
  },
};

async function measure({ title, document, changing }: Kind, bench: Bench): Promise<Line[]> {
  const load = workloads.find(({ id }) => id === "targeted");
  if (!load) throw new Error("there is no such workload");
  const revisions = [document(1), document(2)];
  const results = await interleave(bench, async (contender) => {
    await using place = await createPlace(contender, bench);
    await place.write(revisions[0] ?? "");
    await using server = await startServer(contender, place.source);
    await pace(load, server, 1);
    const before = server.usage().cpuMicros;
    const latency = pace(load, server, bench.seconds);
    let over = false;
    void latency.finally(() => {
      over = true;
    });
    for (let revision = 1; changing && !over; revision++) {
      await place.write(revisions[revision % 2] ?? "");
      await Bun.sleep(changeMs);
    }
    return { ...(await latency), ...afterwards(server, before) };
  });
  const medians = (pick: (result: Latency & ReturnType<typeof afterwards>) => number) =>
    results.map((rounds) => median(rounds.map(pick)));
  const p99 = medians((result) => result.p99);
  const max = medians((result) => result.max);
  const cpu = medians((result) => result.cpuMs);
  const memory = medians((result) => result.memory);
  return [
    { work: `${title}: p99 of evaluations`, cells: p99.map(milliseconds), ratio: ratioOf(p99) },
    { work: "– the longest", cells: max.map(milliseconds), ratio: ratioOf(max) },
    { work: "– CPU in all", cells: cpu.map(milliseconds), ratio: ratioOf(cpu) },
    { work: "– memory", cells: memory.map(megabytes), ratio: ratioOf(memory) },
  ];
}

function afterwards(server: Server, cpuBefore: number) {
  const { cpuMicros, memory } = server.usage();
  return { cpuMs: (cpuMicros - cpuBefore) / 1000, memory };
}

interface Place extends AsyncDisposable {
  /** For `--sources`, or a URI. */
  readonly source: string;
  write(document: string): Promise<void>;
}

/** Redis for ours, a file for a daemon that reads none. */
async function createPlace({ name }: Contender, { folder }: Bench): Promise<Place> {
  if (name.startsWith("Go")) {
    const file = join(folder, "large.json");
    return {
      source: `file:${file}`,
      async write(document) {
        writeFileSync(`${file}.new`, document);
        renameSync(`${file}.new`, file);
      },
      async [Symbol.asyncDispose]() {},
    };
  }
  const redis = await RedisServer.start();
  const uri = `redis://127.0.0.1:${redis.port}/0?key=flags`;
  return {
    source: JSON.stringify([{ provider: "redis", uri, interval: 1 }]),
    write: (document) => redis.set("flags", document),
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
}
