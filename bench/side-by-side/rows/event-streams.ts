import { join } from "node:path";
import { interleave, type Measurement } from "../bench.ts";
import { startServer } from "../contender.ts";
import { flagDocument } from "../flags.ts";
import { StreamClients, streams } from "../stream-clients.ts";
import { medianLine, megabytes, milliseconds } from "../table.ts";
import { change, medianChange, replace } from "./streams.ts";

/** One change of one flag, told to a thousand open streams. */
export const eventStreams: Measurement = {
  id: "event-streams",
  async run(bench) {
    const file = join(bench.folder, "changing.json");
    let revision = 0;
    const make = () => replace(file, flagDocument(100, revision++));
    const results = await interleave(bench, async (contender) => {
      make();
      await using server = await startServer(contender, `file:${file}`);
      const path = "/flagd.evaluation.v1.Service/EventStream";
      using clients = new StreamClients(server.port, path);
      await clients.open();
      await clients.arrival();
      const made = [];
      for (let i = 0; i < bench.repetitions; i++)
        made.push(await change({ server, clients }, make));
      return { ...medianChange(made), memory: server.usage().memory };
    });
    const title = `one change to ${streams} EventStreams, first to last`;
    return [
      medianLine(title, results, ({ firstToLast }) => firstToLast, milliseconds, "1× (4×)"),
      medianLine("– from writing the file to the last", results, (r) => r.toLast, milliseconds),
      medianLine("– CPU", results, ({ cpu }) => cpu, milliseconds),
      medianLine("– memory with them", results, ({ memory }) => memory, megabytes, "1× (4×)"),
    ];
  },
};
