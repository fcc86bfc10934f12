/** To be run: prints what a Redis source with the URI given delivers first, or the error that ends it. */
import { RunningRedisSource } from "./running-redis-source.ts";
import { until } from "./until.ts";

await using source = new RunningRedisSource({ uri: process.argv[2] ?? "" });
const delivered = until("a delivery", () => source.document);
console.log(String(await Promise.race([delivered, source.ended])));
