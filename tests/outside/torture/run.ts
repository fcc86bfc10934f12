/**
 * Redis as fleets run it, with everything going wrong that does in a year, in minutes.
 *
 *   npx bun build.ts && npx bun tests/outside/torture/run.ts [--seed 1] [--minutes 1] [--topology single]
 *     [--content document] [--limit 1000] [--quiet] [--partitions] [--clocks]
 *
 * Without a topology and a content it takes each in turn, `--minutes` long. `--partitions` drops packets in a
 * network namespace (Linux, root, iptables), `--clocks` moves the time of day of
 * flagd and of the servers (libfaketime). Needs redis-server, redis-sentinel and, for JSON, a module from PyPI. Exit status 1 if anything was violated.
 */
import { parseArgs } from "node:util";
import { quantile } from "../../../bench/side-by-side/statistics.ts";
import { MovedClock } from "../../support/moved-clock.ts";
import { rejson } from "../../support/rejson.ts";
import { type ContentName, contents } from "./content.ts";
import { inNamespace, runInNamespace } from "./partition.ts";
import { topologies, torture } from "./torture.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    minutes: { type: "string", default: "1" },
    topology: { type: "string" },
    content: { type: "string" },
    limit: { type: "string", default: "1000" },
    quiet: { type: "boolean", default: false },
    partitions: { type: "boolean", default: false },
    clocks: { type: "boolean", default: false },
  },
});

const chosen = <Name extends string>(names: readonly Name[], wanted: string | undefined) => {
  const found = names.filter((name) => wanted === undefined || name === wanted);
  if (found.length === 0) throw new Error(`choose one of ${names.join(", ")}`);
  return found;
};
// Outside the namespace, from which nothing can be fetched.
const module = await rejson();
if (values.partitions && !inNamespace) process.exit(await runInNamespace());
if (values.clocks && !MovedClock.possible) throw new Error("install the package faketime");
console.log(
  "| topology | content | seed | writes | answers | faults | p50 | p99 | max | violations | servers |",
);
console.log("|---|---|---|---|---|---|---|---|---|---|---|");
let violated = false;
for (const topology of chosen(
  Object.keys(topologies) as (keyof typeof topologies)[],
  values.topology,
)) {
  for (const content of chosen(Object.keys(contents) as ContentName[], values.content)) {
    const outcome = await torture({
      topology,
      content,
      seed: Number(values.seed),
      seconds: Number(values.minutes) * 60,
      limitMs: Number(values.limit),
      clocks: values.clocks,
      ...(content === "json" && { module }),
      say: (line) => values.quiet || console.error(`${topology} ${content}: ${line}`),
    });
    const { violations, lags, faults } = outcome;
    const count = [...faults.values()].reduce((sum, n) => sum + n, 0);
    const cells = [
      ...[topology, content, values.seed, outcome.writes, outcome.answers, count],
      ...[0.5, 0.99, 1].map((q) => `${Math.round(quantile(lags, q))} ms`),
      ...[violations.length, outcome.stuck ? "servers stuck" : "whole"],
    ];
    console.log(`| ${cells.join(" | ")} |`);
    if (outcome.stuck) console.error(`the servers did not get over a fault: ${outcome.stuck}`);
    for (const violation of violations.slice(0, 20)) console.error(violation);
    violated ||= violations.length > 0;
  }
}
process.exit(violated ? 1 : 0);
