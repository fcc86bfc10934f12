import { join } from "node:path";
import { type Bench, interleave, type Measurement } from "../bench.ts";
import { type Contender, startServer } from "../contender.ts";
import { largeDocument } from "../flags.ts";
import { median } from "../statistics.ts";
import { connections, StreamClients, streams } from "../stream-clients.ts";
import { medianLine, megabytes, milliseconds } from "../table.ts";
import { change, medianChange, replace } from "./streams.ts";

const kilobytes = 100;
const paused = streams / connections;

/** The same whole document to a thousand sync streams: what daemons and in-process providers hold open. */
export const syncStreams: Measurement = {
  id: "sync-streams",
  async run(bench) {
    const results = await interleave(bench, (contender) => measure(bench, contender));
    const title = `one change to ${streams} SyncFlags streams of ${kilobytes} KB, first to last`;
    return [
      medianLine(title, results, ({ firstToLast }) => firstToLast, milliseconds, "1× (4×)"),
      medianLine("– from writing the file to the last", results, (r) => r.toLast, milliseconds),
      medianLine("– CPU", results, ({ cpu }) => cpu, milliseconds),
      medianLine("– CPU of the clients", results, ({ clientCpu }) => clientCpu, milliseconds),
      medianLine("– memory with them", results, ({ memory }) => memory, megabytes, "1× (4×)"),
      medianLine(
        `– to the last of the others while ${paused} read nothing`,
        results,
        ({ pausedToLast }) => pausedToLast,
        milliseconds,
      ),
      medianLine("– memory meanwhile", results, (r) => r.pausedMemory, megabytes),
      medianLine(
        "– all cut and back at once: the last has the flags",
        results,
        ({ back }) => back,
        milliseconds,
      ),
    ];
  },
};

async function measure(bench: Bench, contender: Contender) {
  const file = join(bench.folder, "large.json");
  let revision = 0;
  const make = () => replace(file, largeDocument(kilobytes, revision++));
  make();
  await using server = await startServer(contender, `file:${file}`, "revision");
  using clients = new StreamClients(server.syncPort, "/flagd.sync.v1.FlagSyncService/SyncFlags");
  await clients.open();
  await clients.arrival();
  const made = [];
  for (let i = 0; i < bench.repetitions; i++) made.push(await change({ server, clients }, make));
  const { memory } = server.usage();

  clients.pause();
  const expected = streams - paused;
  const { toLast: pausedToLast } = await change({ server, clients, expected }, make);
  const { memory: pausedMemory } = server.usage();

  clients.cut();
  clients.forget();
  const cut = performance.now();
  await clients.open();
  const { last } = await clients.arrival();
  return { ...medianChange(made), memory, pausedToLast, pausedMemory, back: last - cut };
}

const thousands = 10;
const sampleMs = 10;

/** Ours alone: with as many, Go flagd takes ten gigabytes. */
export const manySyncStreams: Measurement = {
  id: "sync-streams-many",
  async run({ contenders, folder, repetitions }) {
    const [ours] = contenders;
    if (ours === undefined) throw new Error("nothing to measure");
    const file = join(folder, "large.json");
    let revision = 0;
    const make = () => replace(file, largeDocument(kilobytes, revision++));
    make();
    await using server = await startServer(ours, `file:${file}`, "revision");
    await using stack = new AsyncDisposableStack();
    const path = "/flagd.sync.v1.FlagSyncService/SyncFlags";
    const clients: StreamClients[] = [];
    for (let n = 0; n < thousands; n++) {
      const each = stack.use(new StreamClients(server.syncPort, path));
      await each.open();
      await each.arrival();
      clients.push(each);
    }
    await Bun.sleep(2000);
    const idle = server.usage().memory;
    let most = idle;
    const sampling = setInterval(() => {
      most = Math.max(most, server.usage().memory);
    }, sampleMs);
    stack.defer(() => clearInterval(sampling));
    const spreads: number[] = [];
    for (let i = 0; i < repetitions; i++) {
      for (const each of clients) each.forget();
      make();
      const arrivals = await Promise.all(clients.map((each) => each.arrival()));
      const first = Math.min(...arrivals.map(({ first }) => first));
      spreads.push(Math.max(...arrivals.map(({ last }) => last)) - first);
      await Bun.sleep(500);
    }
    const count = (thousands * streams).toLocaleString("en");
    return [
      {
        work: `one change to ${count} SyncFlags streams of ${kilobytes} KB, first to last`,
        cells: [milliseconds(median(spreads))],
        target: "1000 ms",
      },
      {
        work: "– memory at most, beyond that with idle streams",
        cells: [megabytes(most - idle)],
        target: "150 MB",
      },
    ];
  },
};
