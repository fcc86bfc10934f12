import type { Clock } from "../../core/clock.ts";
import type { RedisAddress } from "./redis-address.ts";
import type { RedisTls } from "./redis-tls.ts";
import { RespClient } from "./resp-client.ts";
import { RespError } from "./resp-parser.ts";

export interface PromotionOptions {
  readonly clock: Clock;
  readonly address: RedisAddress;
  readonly tls: RedisTls | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const askMs = 50;
/** Longer than a promotion takes. */
const maxMs = 10_000;

/**
 * Asks a replica for its role until it is the master: the Sentinels say so only a second or so later.
 * @returns false if it does not become the master, or does not tell
 */
export async function isPromoted(options: PromotionOptions): Promise<boolean> {
  const { clock, signal } = options;
  const until = clock.now() + maxMs;
  while (!signal.aborted && clock.now() < until) {
    const role = await roleOf(options).catch((error: unknown) => error);
    if (role === "master") return !signal.aborted;
    // It does not tell us.
    if (role instanceof RespError) return false;
    await clock.sleep(askMs, signal);
  }
  return false;
}

/** Over a connection of its own: with the promotion, the Sentinels close those of all clients. */
async function roleOf({ address, tls, timeoutMs }: PromotionOptions): Promise<unknown> {
  const client = await RespClient.open({
    address,
    tls,
    timeoutMs,
    onPush: () => {},
    onClose: () => {},
  });
  try {
    const role = await client.send("ROLE");
    return Array.isArray(role) ? role[0] : undefined;
  } finally {
    client.close();
  }
}
