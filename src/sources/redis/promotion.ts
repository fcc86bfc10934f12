import type { Clock } from "../../core/clock.ts";
import type { RedisAddress } from "./redis-address.ts";
import type { RedisTls } from "./redis-tls.ts";
import { RespClient } from "./resp-client.ts";

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
  const { clock, address, tls, timeoutMs, signal } = options;
  const client = await RespClient.open({
    address,
    tls,
    timeoutMs,
    onPush: () => {},
    onClose: () => {},
  }).catch(() => undefined);
  if (!client) return false;
  try {
    const until = clock.now() + maxMs;
    while (!signal.aborted && clock.now() < until) {
      const role = await client.send("ROLE");
      if (Array.isArray(role) && role[0] === "master") return !signal.aborted;
      await clock.sleep(askMs, signal);
    }
    return false;
  } catch {
    return false;
  } finally {
    client.close();
  }
}
