/**
 * From the promotion of another master to fresh flags: a daemon behind Sentinels (a master, two replicas) and in a
 * cluster (three masters, three replicas), while the master is killed, hangs, or hands over.
 *
 *   bun build.ts && bun bench/redis-failover.ts [--rounds 5] [--server "Valkey 9"]
 *
 * Needs Linux and redis-server; `--server` takes another one, by its name in tests/outside/redis/servers.ts. A round begins when the new master says that it is one (asked every
 * 20 ms), and ends with the answer that has what was written to it then.
 */
import { parseArgs } from "node:util";
import { servers } from "../tests/outside/redis/servers.ts";
import { Chance } from "../tests/outside/torture/chance.ts";
import { startCluster } from "../tests/outside/torture/cluster.ts";
import { contents } from "../tests/outside/torture/content.ts";
import { startSentinels } from "../tests/outside/torture/sentinels.ts";
import { startFlagd } from "../tests/support/flagd.ts";
import { until } from "../tests/support/until.ts";
import { quantile } from "./side-by-side/statistics.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    server: { type: "string", default: "Redis 7" },
  },
});
const server = servers.find(({ name }) => name.startsWith(values.server));
if (!server) throw new Error(`--server: one of ${servers.map(({ name }) => name).join(", ")}`);
const executable = await server.install();
console.log(`${server.name}\n`);
const chance = new Chance(1);
const content = contents.document;

console.log("| servers | the master | rounds | p50 | max |\n|---|---|---|---|---|");
for (const [name, start, faults] of [
  ["Sentinel", startSentinels, ["failover", "master killed"]],
  ["Cluster", startCluster, ["owner killed", "owner hung until another one follows"]],
] as const) {
  await using fleet = await start(() => ({ executable }));
  let version = 1;
  const write = () => until("the write", () => content.write(fleet, version).then(() => true), 60);
  await write();
  await using flagd = await startFlagd(["--uri", `${fleet.uri}?key=flags`]);
  const shown = async () => {
    const response = await fetch(`${flagd.http}/ofrep/v1/evaluate/flags/one`, { method: "POST" });
    return ((await response.json()) as { readonly value: unknown }).value;
  };
  for (const wanted of faults) {
    const fault = fleet.faults.find((each) => each.name === wanted);
    if (!fault) throw new Error(`there is no fault ${wanted}`);
    const times: number[] = [];
    while (times.length < Number(values.rounds)) {
      await fault.run(chance);
      const began = performance.now();
      version++;
      await write();
      while ((await shown()) !== version) await Bun.sleep(2);
      times.push(performance.now() - began);
      await Bun.sleep(5000);
    }
    const [p50, max] = [quantile(times, 0.5), Math.max(...times)].map(
      (ms) => `${ms.toFixed(0)} ms`,
    );
    console.log(`| ${name} | ${wanted} | ${times.length} | ${p50} | ${max} |`);
  }
}
