/**
 * What an outage of minutes does to many daemons: Redis → one redis-sync → 30 flagd. They are called all
 * the time, over OFREP and gRPC, while redis-sync is dead and comes back, and while Redis is.
 *
 *   bun build.ts && bun bench/outage.ts [--daemons 30] [--minutes 4] [--redis-minutes 2]
 *
 * Takes about ten minutes and 70 MB for each daemon; needs Linux and redis-server. Exits with 1 where an
 * evaluation failed or a daemon did not come back.
 */
import { parseArgs } from "node:util";
import { type Flagd, startFlagd } from "../tests/support/flagd.ts";
import { RedisServer } from "../tests/support/redis.ts";
import { RedisSync } from "../tests/support/redis-sync.ts";
import { until } from "../tests/support/until.ts";
import { Callers, documentOf } from "./outage/callers.ts";
import { backAt, eventsOf, failedAttempts, perSecond } from "./outage/log-events.ts";
import { usageOf } from "./side-by-side/process-tree.ts";
import { quantile } from "./side-by-side/statistics.ts";

const { values } = parseArgs({
  options: {
    daemons: { type: "string", default: "30" },
    minutes: { type: "string", default: "4" },
    "redis-minutes": { type: "string", default: "2" },
  },
});
/** Of the network namespace, which is the machine unless it is run by `unshare --net`. */
const refused = async () => {
  const [names = "", counts = ""] =
    (await Bun.file("/proc/net/snmp").text()).match(/^Tcp:.*/gm) ?? [];
  return Number(counts.split(" ")[names.split(" ").indexOf("AttemptFails")]);
};
/** The longest wait between two attempts, and something for the attempt itself. */
const maxWaitSeconds = 60 + 15;

await using redis = await RedisServer.start();
await redis.set("flags", documentOf(1));
await using sync = await RedisSync.start(redis);
await using stack = new AsyncDisposableStack();
const daemons: Flagd[] = [];
for (let i = 0; i < Number(values.daemons); i++) {
  const options = ["--uri", `grpc://127.0.0.1:${sync.port}`, "--log-format", "json", "--debug"];
  daemons.push(stack.use(await startFlagd(options)));
}
using callers = new Callers(daemons, 250);
await Bun.sleep(10_000);
print(`${daemons.length} flagd on one redis-sync; memory`, `${memory()} MB together`);

await redisSyncIsDead(Number(values.minutes) * 60);
await redisIsDead(Number(values["redis-minutes"]) * 60);

print("evaluations over OFREP and gRPC, right", callers.succeeded.toLocaleString("en"));
print("evaluations that failed", `${callers.failures.length}`);
print("memory at the end", `${memory()} MB together`);
for (const failure of callers.failures.slice(0, 5)) console.error(failure);
if (callers.failures.length > 0) process.exitCode = 1;

async function redisSyncIsDead(seconds: number): Promise<void> {
  const started = Date.now();
  const refusedBefore = await refused();
  await sync.kill();
  await Bun.sleep(seconds * 500);
  await redis.set("flags", documentOf(2));
  await Bun.sleep(seconds * 500);
  const served = callers.succeeded;

  const attempts = daemons.flatMap((daemon) => failedAttempts(eventsOf(daemon.log())));
  const byKernel = (await refused()) - refusedBefore;
  const counts = perSecond(attempts, started, Date.now());
  print(`redis-sync dead for ${seconds} s: attempts to connect`, `${attempts.length}`);
  print("– connections refused, as the kernel counts", `${byKernel}`);
  for (const [what, from, to] of [
    ["in the first 10 s", 0, 10],
    ["in the second minute", 60, 120],
    ["in the last minute", counts.length - 60, counts.length],
  ] as const) {
    const some = counts.slice(Math.max(0, from), to);
    if (some.length === 0) continue;
    const mean = some.reduce((sum, count) => sum + count, 0) / some.length;
    print(`– ${what}`, `${mean.toFixed(1)}/s, at most ${Math.max(...some)} in one second`);
  }
  print("– evaluations meanwhile and before", served.toLocaleString("en"));

  await sync.start();
  const back = Date.now();
  const before = usageOf(sync.pid).cpuMicros;
  const oneMinute = Bun.sleep(60_000).then(() => usageOf(sync.pid).cpuMicros - before);
  await everybodyHas(2, maxWaitSeconds);
  const times = waits(back);
  print("redis-sync is back: first daemon with the change made meanwhile", ms(Math.min(...times)));
  for (const q of [0.25, 0.5, 0.75]) print(`– ${q * 100} % of them`, ms(quantile(times, q)));
  print("– all of them", ms(Math.max(...times)));
  const most = Math.max(...perSecond(times, 0, 60_000));
  print("– most connections in one second", `${most}`);
  print("– CPU of redis-sync in the first minute", ms((await oneMinute) / 1000));
}

async function redisIsDead(seconds: number): Promise<void> {
  await redis.kill();
  await Bun.sleep(seconds * 1000);
  const again = Date.now();
  // It has lost everything.
  await redis.start();
  await Bun.sleep(5000);
  const unchanged = callers.values.every((value) => value === "revision 2");
  print(`Redis dead for ${seconds} s and back empty: all serve what they had`, `${unchanged}`);
  const written = Date.now();
  await redis.set("flags", documentOf(3));
  await everybodyHas(3, maxWaitSeconds);
  const times = waits(written);
  print(
    `– flags written ${ms(written - again)} after its start: first daemon has them after`,
    ms(Math.min(...times)),
  );
  print("– all of them", ms(Math.max(...times)));
}

/** From `since` until each had flags from its upstream, in ms. */
function waits(since: number): number[] {
  return daemons.map((d) => (backAt(eventsOf(d.log()), since) ?? Number.NaN) - since);
}

function everybodyHas(revision: number, seconds: number): Promise<unknown> {
  const all = () => callers.values.every((value) => value === `revision ${revision}`);
  return until(`revision ${revision} in every daemon`, all, seconds);
}

function memory(): string {
  const bytes = daemons.reduce((sum, { pid }) => sum + usageOf(pid).memory, 0);
  return (bytes / 1e6).toFixed(0);
}

function ms(value: number): string {
  return value < 1000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(1)} s`;
}

function print(what: string, value: string): void {
  console.log(`| ${what} | ${value} |`);
}
