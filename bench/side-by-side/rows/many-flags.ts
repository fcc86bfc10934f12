import { readFileSync } from "node:fs";
import { join } from "node:path";
import { interleave, type Measurement } from "../bench.ts";
import { checkAnswer } from "../check.ts";
import { startServer } from "../contender.ts";
import { flagDocument } from "../flags.ts";
import { saturate } from "../load.ts";
import { median } from "../statistics.ts";
import { medianLine, megabytes, microseconds, milliseconds, ratioOf } from "../table.ts";
import { workloads } from "../workloads.ts";

const sizes = [1_000, 10_000];

/** What each flag of an answer about all costs, of few and of many. */
export const bulks: readonly Measurement[] = workloads
  .filter(({ id }) => id === "resolve-all" || id === "ofrep-bulk")
  .map((load) => ({
    id: `${load.id}-many`,
    async run(bench) {
      const lines = [];
      for (const size of sizes) {
        const file = join(bench.folder, `${size}.json`);
        await Bun.write(file, flagDocument(size));
        const results = await interleave({ ...bench, rounds: 1 }, async (contender) => {
          await using server = await startServer(contender, `file:${file}`);
          await checkAnswer(load, server);
          await saturate(load, server, Math.ceil(bench.seconds / 2), true);
          const before = server.usage().cpuMicros;
          const requests = await saturate(load, server, bench.seconds, true);
          return (server.usage().cpuMicros - before) / requests / size;
        });
        const medians = results.map(median);
        lines.push({
          work: `${load.title.replace(/, .*/, "")} of ${size.toLocaleString("en")} flags: CPU for each flag`,
          cells: medians.map(microseconds),
          ratio: ratioOf(medians),
          target: size > 1_000 ? "30×" : undefined,
        });
      }
      return lines;
    },
  }));

const hugeSize = 100_000;

/** A document that other daemons need half a minute for. */
export const hugeStart: Measurement = {
  id: "start-huge",
  async run(bench) {
    const file = join(bench.folder, "huge.json");
    await Bun.write(file, flagDocument(hugeSize));
    const results = await interleave({ ...bench, rounds: 1 }, async (contender) => {
      await using server = await startServer(contender, `file:${file}`);
      const { evaluatedMs } = server;
      await Bun.sleep(10_000);
      return { evaluatedMs, peak: peakOf(server.pid), settled: server.usage().memory };
    });
    const title = `start to the first evaluation, ${hugeSize.toLocaleString("en")} flags`;
    return [
      { ...medianLine(title, results, (r) => r.evaluatedMs, milliseconds), target: "500 ms" },
      medianLine("– memory at most", results, ({ peak }) => peak, megabytes),
      medianLine("– memory ten seconds later", results, ({ settled }) => settled, megabytes),
    ];
  },
};

/** Resident bytes at most so far. */
function peakOf(pid: number): number {
  const [, kilobytes = "0"] =
    /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}
