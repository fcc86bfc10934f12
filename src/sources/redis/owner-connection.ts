import { type Clock, systemClock } from "../../core/clock.ts";
import { silentLog } from "../../core/log.ts";
import { SourceError } from "../source.ts";
import { connectRedis, deadlinesFor, type RedisConnection } from "./connection.ts";
import { createRoute } from "./create-route.ts";
import { diagnose, sentinelMistaken } from "./diagnosis.ts";
import { loadCredentials, loadTls, type RedisAddress } from "./redis-address.ts";
import { explainRedisError, Redirection, RedisError } from "./redis-errors.ts";
import type { RedisSourceConfig } from "./redis-kind.ts";
import { parseRedisUri, type RedisUri } from "./redis-uri.ts";
import { connectDeadline, type Route, type Target } from "./route.ts";

/** The connection to the server that may be written to. */
export interface Owner {
  readonly connection: RedisConnection;
  readonly content: RedisUri["content"];
  /** The source's, without what may be secret. */
  readonly name: string;
  /** Whether Sentinels may put another server in its place. */
  readonly sentinels: boolean;
  /** Of the user who asks. */
  readonly username: string | undefined;
  /** Makes sure, just before a write, that no failover has put another server in its place. @throws RedisError */
  confirm(): Promise<void>;
}

/** How long a failover, or a cluster that is being rearranged, is waited for. */
const patienceMs = 20_000;
const retryMs = 250;

/**
 * Uses the server that has the flags: follows redirections, Sentinels and failovers, and begins anew with another
 * server when one is lost or turns out to be the wrong one.
 * @param use called again after that; throws what Redis' client throws, or anything else, which ends the work
 * @throws SourceError in words; ConfigError for a wrong URI
 */
export async function withOwner<Result>(
  config: RedisSourceConfig,
  use: (owner: Owner) => Promise<Result>,
  clock: Clock = systemClock,
): Promise<Result> {
  const uri = parseRedisUri(config.uri);
  const name = config.name ?? uri.name;
  const { signal } = new AbortController();
  const deadlines = deadlinesFor(30);
  const route = createRoute(
    uri,
    { ...config, role: "master" },
    {
      clock,
      log: silentLog,
      timeoutMs: deadlines.answerTimeoutMs,
      connect: connectRedis,
      onSwitch: () => {},
    },
  );
  const until = clock.now() + patienceMs;
  let known = false;
  try {
    for (;;) {
      let target: Target | undefined;
      let connection: RedisConnection | undefined;
      try {
        target = await route.next(signal);
        const address = { ...target.address, ...(await loadCredentials(config, uri)) };
        connection = await connectRedis({
          address,
          tls: address.tls ? await loadTls(config) : undefined,
          ...deadlines,
          ...connectDeadline(target),
          onClose: () => {},
          signal,
        });
        if (connection.server.mode === "sentinel") {
          throw await sentinelMistaken(connection, address, uri.content);
        }
        await route.check(connection);
        known = true;
        return await use({
          connection,
          content: uri.content,
          name,
          sentinels: uri.topology === "sentinel",
          username: address.username,
          confirm: () => route.confirm(),
        });
      } catch (error) {
        if (!isOfRedis(error)) throw error;
        const address = target?.address ?? { ...uri, endpoint: uri.endpoints[0] };
        const problem = explainRedisError(error, { address });
        // Where a slot is being moved to there are no transactions: MULTI forgets ASKING.
        const moved = problem instanceof Redirection && problem.type === "MOVED";
        if (moved && route.redirected(problem)) continue;
        if (!mayRetry(problem, route, known) || clock.now() >= until) {
          throw new SourceError(`source ${name}: ${await inWords(problem, address, known)}`);
        }
        if (route.failed(problem)) continue;
        await clock.sleep(route.failoverWaitMs ?? retryMs, signal);
      } finally {
        connection?.close();
      }
    }
  } finally {
    route.close();
  }
}

/** Of Bun's client, or of our own about Redis. */
function isOfRedis(error: unknown): boolean {
  if (error instanceof RedisError || error instanceof Redirection) return true;
  return error instanceof Error && "code" in error && !(error instanceof SourceError);
}

function mayRetry(problem: RedisError | Redirection, route: Route, known: boolean): boolean {
  if (problem instanceof Redirection) return true;
  if (problem.kind === "permanent" || problem.kind === "content") return false;
  // A server that was never reached is more likely named wrongly than away.
  return known || route.many || problem.kind === "retryable";
}

async function inWords(
  problem: RedisError | Redirection,
  address: RedisAddress,
  known: boolean,
): Promise<string> {
  if (problem instanceof Redirection) {
    return problem.type === "ASK"
      ? `the slot of the key is being moved to ${problem.node}: try again when that has ended`
      : `the cluster redirects too often, the last time to ${problem.node}`;
  }
  if (problem.kind !== "closed" && problem.kind !== "timeout") return problem.message;
  return diagnose(address, problem, { known, signal: new AbortController().signal });
}
