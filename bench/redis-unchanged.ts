/**
 * What a large document that nobody changes costs Redis: bytes it sends in as many polls as there are between two
 * fetches, some times over, and what that is in an hour at the default interval.
 *
 *   bun build.ts && bun bench/redis-unchanged.ts [--megabytes 10] [--interval 30] [--fetches 2]
 *
 * Needs redis-server. Takes twelve intervals for each fetch.
 */
import { parseArgs } from "node:util";
import { startFlagd } from "../tests/support/flagd.ts";
import { RedisServer } from "../tests/support/redis.ts";

const { values } = parseArgs({
  options: {
    megabytes: { type: "string", default: "10" },
    /** Seconds. */
    interval: { type: "string", default: "30" },
    fetches: { type: "string", default: "2" },
  },
});
/** Every twelfth poll fetches the document all the same. */
const pollsPerFetch = 12;
const defaultInterval = 30;

await using redis = await RedisServer.start();
const flags: Record<string, object> = {};
const description = "x".repeat(900);
for (let n = 0; n < Number(values.megabytes) * 1000; n++) {
  const variants = { on: true, off: false };
  flags[`flag-${n}`] = {
    state: "ENABLED",
    variants,
    defaultVariant: "on",
    metadata: { description },
  };
}
const document = JSON.stringify({ flags });
await redis.set("flags", document);
const uri = `redis://127.0.0.1:${redis.port}/0?key=flags`;
const interval = Number(values.interval);
await using flagd = await startFlagd([
  "--sources",
  JSON.stringify([{ provider: "redis", uri, interval }]),
]);
// The load is over, and the polls have begun.
await Bun.sleep(interval * 2000);

const polls = pollsPerFetch * Number(values.fetches);
const before = await sent();
await Bun.sleep(polls * interval * 1000);
const bytes = (await sent()) - before;
const anHour = (bytes / polls) * (3600 / defaultInterval);
console.log(`document                              ${(document.length / 1e6).toFixed(1)} MB`);
console.log(
  `sent in ${`${polls} polls of ${interval} s`.padEnd(30)}${(bytes / 1e6).toFixed(1)} MB`,
);
console.log(`in an hour at the default interval    ${(anHour / 1e6).toFixed(0)} MB`);
if (!flagd.log().includes("flags loaded")) process.exitCode = 1;

/** Bytes that the server has sent since its start. */
async function sent(): Promise<number> {
  const info = await redis.command("INFO", "stats");
  return Number(/total_net_output_bytes:(\d+)/.exec(info)?.[1]);
}
