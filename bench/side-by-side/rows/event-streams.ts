import { renameSync, writeFileSync } from "node:fs";
import { connect } from "node:http2";
import { join } from "node:path";
import { until } from "../../../tests/support/until.ts";
import { interleave, type Measurement } from "../bench.ts";
import { startServer } from "../contender.ts";
import { flagDocument } from "../flags.ts";
import { median } from "../statistics.ts";
import { megabytes, milliseconds, ratioOf } from "../table.ts";

const connections = 10;
const streamsPerConnection = 100;
const streams = connections * streamsPerConnection;

/** One change of one flag, told to a thousand open streams. */
export const eventStreams: Measurement = {
  id: "event-streams",
  async run(bench) {
    const file = join(bench.folder, "changing.json");
    const results = await interleave(bench, async (contender) => {
      replace(file, 1);
      await using server = await startServer(contender, `file:${file}`);
      const arrivals: number[] = [];
      let ready = 0;
      const sessions = await openStreams(server.port, (text) => {
        if (text.includes("configuration_change")) arrivals.push(performance.now());
        else if (text.includes("provider_ready")) ready++;
      });
      try {
        await until("every stream being ready", () => ready === streams);
        const before = server.usage().cpuMicros;
        replace(file, 2);
        await until("every stream having the change", () => arrivals.length >= streams);
        const { cpuMicros, memory } = server.usage();
        const spread = Math.max(...arrivals) - Math.min(...arrivals);
        return { spread, cpu: (cpuMicros - before) / 1000, memory };
      } finally {
        for (const session of sessions) session.destroy();
      }
    });
    const medianOf = (pick: (result: (typeof results)[number][number]) => number) =>
      results.map((rounds) => median(rounds.map(pick)));
    const spreads = medianOf(({ spread }) => spread);
    const cpu = medianOf(({ cpu }) => cpu);
    const memory = medianOf(({ memory }) => memory);
    return [
      {
        work: `one change to ${streams} EventStreams, first to last`,
        cells: spreads.map(milliseconds),
        ratio: ratioOf(spreads),
      },
      { work: "– its CPU", cells: cpu.map(milliseconds), ratio: ratioOf(cpu) },
      { work: "– memory with them", cells: memory.map(megabytes), ratio: ratioOf(memory) },
    ];
  },
};

/** In one step, as no reader may see half a file. */
function replace(file: string, revision: number): void {
  writeFileSync(`${file}.new`, flagDocument(100, revision));
  renameSync(`${file}.new`, file);
}

/** @param onData is given what arrives on any stream, where events are told apart by their names. */
async function openStreams(port: number, onData: (text: string) => void) {
  const emptyMessage = new Uint8Array(5);
  return Array.from({ length: connections }, () => {
    const session = connect(`http://127.0.0.1:${port}`);
    session.on("error", () => {});
    for (let i = 0; i < streamsPerConnection; i++) {
      const stream = session.request({
        ":method": "POST",
        ":path": "/flagd.evaluation.v1.Service/EventStream",
        "content-type": "application/grpc",
        te: "trailers",
      });
      stream.on("error", () => {});
      stream.on("data", (chunk: Buffer) => onData(chunk.toString("latin1")));
      stream.end(emptyMessage);
    }
    return session;
  });
}
