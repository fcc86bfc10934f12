/**
 * What it costs to notice changes in Redis, and how soon a change is answered: pushed (`"watch": true`) and
 * looked for (`"watch": "poll"`), side by side, each daemon with a server of its own.
 *
 *   bun build.ts && bun bench/redis-hint.ts [--idle 60] [--changes 200]
 *
 * Needs Linux and redis-server. Both modes are measured in the same minutes, changes alternate.
 */
import { parseArgs } from "node:util";
import { RedisClient } from "bun";
import { startFlagd } from "../tests/support/flagd.ts";
import { RedisServer } from "../tests/support/redis.ts";
import { usageOf } from "./side-by-side/process-tree.ts";
import { quantile } from "./side-by-side/statistics.ts";

const { values } = parseArgs({
  options: {
    /** Seconds. */
    idle: { type: "string", default: "60" },
    changes: { type: "string", default: "200" },
  },
});

const documentOf = (version: number) =>
  JSON.stringify({
    flags: { version: { state: "ENABLED", variants: { now: version }, defaultVariant: "now" } },
  });

await using stack = new AsyncDisposableStack();
const sides = [];
for (const watch of [true, "poll"] as const) {
  const redis = stack.use(await RedisServer.start());
  await redis.set("flags", documentOf(0));
  const uri = `redis://127.0.0.1:${redis.port}/0?key=flags`;
  const sources = JSON.stringify([{ provider: "redis", uri, watch }]);
  const flagd = stack.use(await startFlagd(["--sources", sources]));
  const writer = new RedisClient(`redis+unix://admin:admin@localhost${redis.socketPath}`);
  await writer.connect();
  sides.push({ name: watch === true ? "push" : "watch", flagd, writer });
}
type Side = (typeof sides)[number];
await Bun.sleep(3000);

const before = await Promise.all(sides.map(usage));
await Bun.sleep(Number(values.idle) * 1000);
const after = await Promise.all(sides.map(usage));
const costs = sides.map((_, n) => {
  const [a, b] = [before[n], after[n]];
  if (!a || !b) throw new Error("not measured");
  const seconds = (b.at - a.at) / 1000;
  return {
    commands: (b.commands - a.commands) / seconds,
    bytes: ((b.bytes - a.bytes) / seconds) * 3600,
    cpu: ((b.cpu - a.cpu) / seconds) * 100,
  };
});

const times: number[][] = sides.map(() => []);
for (let version = 1; version <= Number(values.changes); version++) {
  for (const [n, side] of sides.entries()) {
    times[n]?.push(await change(side, version));
    await Bun.sleep(30 + Math.random() * 60);
  }
}
const latencies = times.map((list) => ({ p50: quantile(list, 0.5), p99: quantile(list, 0.99) }));

const rows: [string, (n: number) => number][] = [
  ["idle: commands a second", (n) => costs[n]?.commands ?? Number.NaN],
  ["idle: MB an hour from Redis", (n) => (costs[n]?.bytes ?? Number.NaN) / 1e6],
  ["idle: flagd, % of a CPU", (n) => costs[n]?.cpu ?? Number.NaN],
  ["SET to answer, p50 ms", (n) => latencies[n]?.p50 ?? Number.NaN],
  ["SET to answer, p99 ms", (n) => latencies[n]?.p99 ?? Number.NaN],
];
console.log(`${"".padEnd(30)}${sides.map(({ name }) => name.padStart(10)).join("")}     ratio`);
for (const [title, of] of rows) {
  const figures = [of(0), of(1)].map((figure) => figure.toFixed(3).padStart(10)).join("");
  console.log(`${title.padEnd(30)}${figures}${(of(0) / of(1)).toFixed(3).padStart(10)}`);
}

/** What a daemon has cost so far; the administrator's own commands are few and the same on both sides. */
async function usage({ flagd, writer }: Side) {
  const info = String(await writer.send("INFO", ["stats"]));
  const stat = (name: string) => Number(new RegExp(`${name}:(\\d+)`).exec(info)?.[1]);
  return {
    at: performance.now(),
    commands: stat("total_commands_processed"),
    bytes: stat("total_net_output_bytes"),
    cpu: usageOf(flagd.pid).cpuMicros / 1e6,
  };
}

/** Milliseconds from SET until the daemon's answer is the new one. */
async function change({ flagd, writer }: Side, version: number): Promise<number> {
  const began = performance.now();
  await writer.set("flags", documentOf(version));
  for (;;) {
    const answer = await fetch(`${flagd.http}/ofrep/v1/evaluate/flags/version`, { method: "POST" });
    const { value } = (await answer.json()) as { readonly value: number };
    if (value === version) return performance.now() - began;
  }
}
