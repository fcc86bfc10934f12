import type { RedisConnection } from "./connection.ts";
import { type RedisAddress, serverName } from "./redis-address.ts";
import { RedisError } from "./redis-error.ts";
import type { RedisUri } from "./redis-uri.ts";

/**
 * What to say if a Sentinel answers where a server was expected: with the URI to use.
 */
export async function sentinelMistaken(
  connection: RedisConnection,
  address: RedisAddress,
  content: RedisUri["content"],
): Promise<RedisError> {
  const masters = await connection.send("SENTINEL", ["MASTERS"]).catch(() => undefined);
  const name = (Array.isArray(masters) && masterName(masters[0])) || "MASTER";
  const scheme = address.tls ? "rediss+sentinel" : "redis+sentinel";
  const database = address.database > 0 ? `/${address.database}` : "";
  const query =
    "hash" in content
      ? `hash=${encodeURIComponent(content.hash)}`
      : content.keys.map((key) => `key=${encodeURIComponent(key)}`).join("&");
  const place = serverName(address);
  return new RedisError(
    `${place} is a Sentinel, not the server that has the flags: write the URI as ` +
      `${scheme}://${place}/${encodeURIComponent(name)}${database}?${query}`,
    "permanent",
  );
}

/** In RESP3 a map. */
function masterName(master: unknown): string | undefined {
  if (typeof master !== "object" || master === null || !("name" in master)) return undefined;
  return typeof master.name === "string" ? master.name : undefined;
}
