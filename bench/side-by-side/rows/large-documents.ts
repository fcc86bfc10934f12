import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RedisServer } from "../../../tests/support/redis.ts";
import { type Bench, interleave, type Measurement } from "../bench.ts";
import { type Contender, type Server, startServer } from "../contender.ts";
import { flagDocument, staticFlag } from "../flags.ts";
import { allDifferent, giantFlags, manyFlags } from "../large-flags.ts";
import { pace } from "../load.ts";
import { firstThread } from "../process-tree.ts";
import { median } from "../statistics.ts";
import { type Line, megabytes, milliseconds, ratioOf } from "../table.ts";
import { workloads } from "../workloads.ts";

/** How often the document changes during a measurement. */
const changeMs = 1500;
/** Of load, and then of single requests. */
const seconds = 4;

interface Kind {
  readonly title: string;
  readonly document: (revision: number) => string;
  readonly changing: boolean;
}

const kinds: readonly Kind[] = [
  // What the machine does to latency by itself.
  { title: "100 flags, changing", document: (n) => flagDocument(100, n), changing: true },
  { title: "10 MB, polled each second, unchanged", document: manyFlags, changing: false },
  { title: "10 MB, one flag of a thousand changes", document: manyFlags, changing: true },
  { title: "10 MB, every flag changes", document: allDifferent, changing: true },
  { title: "10 MB in 9 giant flags, all change", document: giantFlags, changing: true },
];

interface Result {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** The most CPU that the first thread used while one request waited, in milliseconds. */
  readonly block: number;
  /** Of all threads, in milliseconds. */
  readonly cpu: number;
  readonly memory: number;
}

/** Evaluations at a fixed rate while a large document is polled, or changes again and again. */
export const largeDocuments: Measurement = {
  id: "large-documents",
  async run(bench) {
    const lines: Line[] = [];
    for (const kind of kinds) lines.push(...(await compare(kind, bench)));
    return lines;
  },
};

async function compare(kind: Kind, bench: Bench): Promise<Line[]> {
  const revisions = [kind.document(1), kind.document(2)];
  // One round: it is thousands of requests, and Go flagd takes half a minute to read such a document.
  const results = await interleave({ ...bench, rounds: 1 }, async (contender) => {
    await using place = await createPlace(contender, bench);
    await place.write(revisions[0] ?? "");
    await using server = await startServer(contender, place.source);
    return await measure(server, async (revision) => {
      if (kind.changing) await place.write(revisions[revision % 2] ?? "");
    });
  });
  const medians = (pick: (result: Result) => number) =>
    results.map((rounds) => median(rounds.map(pick)));
  const line = (work: string, numbers: readonly number[], format: (n: number) => string): Line => ({
    work,
    cells: numbers.map(format),
    ratio: ratioOf(numbers),
  });
  const block = medians(({ block }) => block);
  return [
    line(
      `${kind.title}: p50`,
      medians(({ p50 }) => p50),
      milliseconds,
    ),
    {
      ...line(
        "– p99",
        medians(({ p99 }) => p99),
        milliseconds,
      ),
      target: "20 ms (5 ms)",
    },
    line(
      "– the longest",
      medians(({ max }) => max),
      milliseconds,
    ),
    // Other daemons have no thread that serves alone.
    {
      work: "– most CPU of the serving thread while a request waits",
      cells: block.map((ms, i) => (i === 0 ? milliseconds(ms) : "")),
      target: "5 ms",
    },
    line(
      "– CPU in all",
      medians(({ cpu }) => cpu),
      milliseconds,
    ),
    line(
      "– memory",
      medians(({ memory }) => memory),
      megabytes,
    ),
  ];
}

async function measure(
  server: Server,
  change: (revision: number) => Promise<void>,
): Promise<Result> {
  const targeted = workloads.find(({ id }) => id === "targeted");
  if (!targeted) throw new Error("there is no such workload");
  const load = { ...targeted, rate: 1000 };
  await pace(load, server, 2);
  const before = server.usage().cpuMicros;
  const latency = await whileChanging(change, pace(load, server, seconds));
  const cpu = (server.usage().cpuMicros - before) / 1000;
  const block = await whileChanging(change, longestBlock(server));
  return { ...latency, block, cpu, memory: server.usage().memory };
}

async function whileChanging<Outcome>(
  change: (revision: number) => Promise<void>,
  measuring: Promise<Outcome>,
): Promise<Outcome> {
  let over = false;
  const outcome = measuring.finally(() => {
    over = true;
  });
  for (let revision = 1; !over; revision++) {
    await change(revision);
    await Bun.sleep(changeMs);
  }
  return outcome;
}

/**
 * What a single request waits for on a machine with processors to spare: counted in CPU, which does
 * not grow with what else the machine does.
 */
async function longestBlock(server: Server): Promise<number> {
  const url = `http://127.0.0.1:${server.ofrepPort}/ofrep/v1/evaluate/flags/${staticFlag}`;
  let longest = 0;
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
    const began = performance.now();
    const waited = firstThread(process.pid).waited;
    const ran = server.firstThreadRan();
    await (await fetch(url, { method: "POST", body: "{}" })).text();
    const used = server.firstThreadRan() - ran;
    // While we wait for a processor, the answer may be there and the server do other things.
    const awake = performance.now() - began - (firstThread(process.pid).waited - waited);
    longest = Math.max(longest, Math.min(used, awake));
    await Bun.sleep(1);
  }
  return longest;
}

interface Place extends AsyncDisposable {
  /** As `startServer` takes it. */
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
