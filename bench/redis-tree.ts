/**
 * A change in Redis on its way through a tree: redis-sync, a daemon that reads it, and daemons that read that one.
 *
 *   bun build.ts && bun bench/redis-tree.ts [--changes 100] [--daemons 3]
 *
 * Needs redis-server. Every daemon is asked without a pause from `SET` until its answer is the new one.
 */
import { parseArgs } from "node:util";
import { RedisClient } from "bun";
import { type Flagd, startFlagd } from "../tests/support/flagd.ts";
import { RedisServer } from "../tests/support/redis.ts";
import { RedisSync } from "../tests/support/redis-sync.ts";
import { quantile } from "./side-by-side/statistics.ts";

const { values } = parseArgs({
  options: {
    changes: { type: "string", default: "100" },
    daemons: { type: "string", default: "3" },
  },
});
const documentOf = (version: number) =>
  JSON.stringify({
    flags: { version: { state: "ENABLED", variants: { now: version }, defaultVariant: "now" } },
  });

await using stack = new AsyncDisposableStack();
const redis = stack.use(await RedisServer.start());
await redis.set("flags", documentOf(0));
const writer = new RedisClient(`redis+unix://admin:admin@localhost${redis.socketPath}`);
await writer.connect();
const sync = stack.use(await RedisSync.start(redis));
const below = async (port: number) =>
  stack.use(await startFlagd(["--uri", `grpc://127.0.0.1:${port}`]));
const first = await below(sync.port);
const leaves: Flagd[] = [];
while (leaves.length < Number(values.daemons)) leaves.push(await below(first.syncPort));

const times = { first: [] as number[], leaves: [] as number[] };
for (let version = 1; version <= Number(values.changes); version++) {
  const began = performance.now();
  await writer.set("flags", documentOf(version));
  const since = async (flagd: Flagd) => {
    while ((await shown(flagd)) !== version);
    return performance.now() - began;
  };
  const [own = 0, ...others] = await Promise.all([first, ...leaves].map(since));
  times.first.push(own);
  times.leaves.push(Math.max(...others));
  await Bun.sleep(50 + Math.random() * 50);
}
writer.close();

console.log("| SET to the answer of | changes | p50 | p99 | max |\n|---|---|---|---|---|");
for (const [name, list] of [
  ["the daemon that reads redis-sync", times.first],
  [`the last of ${leaves.length} that read that one`, times.leaves],
] as const) {
  const cells = [0.5, 0.99, 1].map((q) => `${quantile(list, q).toFixed(0)} ms`);
  console.log(`| ${name} | ${list.length} | ${cells.join(" | ")} |`);
}

async function shown({ http }: Flagd): Promise<unknown> {
  const answer = await fetch(`${http}/ofrep/v1/evaluate/flags/version`, { method: "POST" });
  return ((await answer.json()) as { readonly value: unknown }).value;
}
