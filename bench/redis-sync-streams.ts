/**
 * One redis-sync and many sync streams: memory of a stream, and what one change in Redis costs and takes.
 *
 *   bun build.ts && bun bench/redis-sync-streams.ts [--thousands 10]
 *
 * Needs Linux and redis-server.
 */
import { parseArgs } from "node:util";
import { RedisServer } from "../tests/support/redis.ts";
import { RedisSync } from "../tests/support/redis-sync.ts";
import { usageOf } from "./side-by-side/process-tree.ts";
import { quantile } from "./side-by-side/statistics.ts";
import { StreamClients, streams } from "./side-by-side/stream-clients.ts";

const { values } = parseArgs({ options: { thousands: { type: "string", default: "10" } } });
const documentOf = (version: number) =>
  JSON.stringify({
    flags: Object.fromEntries(
      Array.from({ length: 100 }, (_, n) => [
        `flag-${n}`,
        { state: "ENABLED", variants: { now: version }, defaultVariant: "now" },
      ]),
    ),
  });

await using redis = await RedisServer.start();
await redis.set("flags", documentOf(0));
await using sync = await RedisSync.start(redis);
await Bun.sleep(2000);
const empty = usageOf(sync.pid);
using stack = new DisposableStack();
const clients: StreamClients[] = [];
for (let n = 0; n < Number(values.thousands); n++) {
  const each = stack.use(new StreamClients(sync.port, "/flagd.sync.v1.FlagSyncService/SyncFlags"));
  await each.open();
  await each.arrival();
  clients.push(each);
}
await Bun.sleep(2000);
const full = usageOf(sync.pid);
const count = clients.length * streams;
const times: number[] = [];
const before = usageOf(sync.pid);
const changes = 10;
for (let version = 1; version <= changes; version++) {
  for (const each of clients) each.forget();
  const began = performance.now();
  await redis.set("flags", documentOf(version));
  const arrivals = await Promise.all(clients.map((each) => each.arrival()));
  times.push(Math.max(...arrivals.map(({ last }) => last)) - began);
  await Bun.sleep(500);
}
const after = usageOf(sync.pid);
const kilobytes = (bytes: number) => `${(bytes / 1024).toFixed(1)} KB`;
console.log(`streams                              ${count}`);
console.log(`redis-sync without streams           ${kilobytes(empty.memory)}`);
console.log(
  `memory of a stream                   ${kilobytes((full.memory - empty.memory) / count)}`,
);
console.log(`document                             ${kilobytes(documentOf(0).length)}`);
const cpu = (after.cpuMicros - before.cpuMicros) / changes / count;
console.log(`CPU of one change, for a stream      ${cpu.toFixed(1)} µs`);
console.log(`SET to the last stream, p50          ${quantile(times, 0.5).toFixed(0)} ms`);
console.log(`SET to the last stream, max          ${Math.max(...times).toFixed(0)} ms`);
