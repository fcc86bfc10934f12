import { join } from "node:path";
import { interleave, type Measurement } from "../bench.ts";
import { startServer } from "../contender.ts";
import { flagDocument } from "../flags.ts";
import { send } from "../load.ts";
import { median } from "../statistics.ts";
import { medianLine, megabytes, ratioOf } from "../table.ts";
import { workloads } from "../workloads.ts";

/** For garbage to be collected and given back. */
const restMs = 10_000;

/** Memory after a quarter of many requests and after all of them, where it has to stay flat, and later. */
export const memory: Measurement = {
  id: "memory",
  async run(bench) {
    const load = workloads.find(({ id }) => id === "unary");
    if (!load) throw new Error("there is no such workload");
    const file = join(bench.folder, "hundred.json");
    await Bun.write(file, flagDocument(100));
    const quarter = Math.ceil(bench.requests / 4);
    const { contenders } = bench;
    const results = await interleave({ contenders, rounds: 1 }, async (contender) => {
      await using server = await startServer(contender, `file:${file}`);
      await send(load, server, quarter);
      const early = server.usage().memory;
      await send(load, server, quarter * 3);
      const late = server.usage().memory;
      await Bun.sleep(restMs);
      return { early, late, rested: server.usage().memory };
    });
    const late = results.map((rounds) => median(rounds.map((round) => round.late)));
    return [
      {
        work: `memory after ${count(quarter)} and ${count(quarter * 4)} calls`,
        cells: results.flatMap((rounds) =>
          rounds.map(({ early, late }) => `${megabytes(early)}, ${megabytes(late)}`),
        ),
        ratio: ratioOf(late),
        target: "flat",
      },
      medianLine("– ten seconds later", results, ({ rested }) => rested, megabytes, "1×"),
    ];
  },
};

const count = (calls: number) => calls.toLocaleString("en");
