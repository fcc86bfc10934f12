import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { Connect, RedisConnection } from "./connection.ts";
import { keysOf } from "./document-reader.ts";
import { NodeRoute } from "./node-route.ts";
import type { AskNode } from "./owner-search.ts";
import {
  type Login,
  loadCredentials,
  loadTls,
  type RedisAddress,
  type RedisTls,
} from "./redis-address.ts";
import { explainRedisError, isRefusal, Redirection } from "./redis-errors.ts";
import type { RedisSourceConfig, SentinelSettings } from "./redis-kind.ts";
import type { RedisUri } from "./redis-uri.ts";
import { RespClient } from "./resp-client.ts";
import { RespError } from "./resp-parser.ts";
import type { Route } from "./route.ts";
import { Sentinel } from "./sentinel.ts";
import { SentinelRoute } from "./sentinel-route.ts";

interface RouteDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly timeoutMs: number;
  readonly connect: Connect;
  /** The present server is the master no longer, or one was found. */
  readonly onSwitch: () => void;
}

/** A Sentinel is near and has little to say: another one is asked if it is silent. */
const maxSentinelTimeoutMs = 3000;

const noSettings: SentinelSettings = { plaintext: false };

/** The way to the server that has the key, as the URI describes it. */
export function createRoute(
  uri: RedisUri,
  config: RedisSourceConfig,
  { clock, log, timeoutMs, connect, onSwitch }: RouteDependencies,
): Route {
  const { topology, endpoints, master, tls, username, password, database } = uri;
  const servers: Login = { tls, username, password, database };
  if (topology !== "sentinel") {
    const [first, ...more] = endpoints;
    const seeds = more.map((endpoint) => ({ ...servers, endpoint }));
    const ask = askingFor(keysOf(uri.content), config, connect);
    return new NodeRoute([{ ...servers, endpoint: first }, ...seeds], { clock, ask, onSwitch });
  }
  const { sentinel = noSettings } = config;
  const role = config.role === "replica" ? "replica" : "master";
  const secure = tls && !sentinel.plaintext;
  const own = sentinel.certPath || sentinel.clientCertPath || sentinel.serverName;
  const at = (endpoint: (typeof endpoints)[number]): RedisAddress => ({
    endpoint,
    tls: secure,
    username: undefined,
    password: undefined,
    database: 0,
  });
  const [first, ...more] = endpoints;
  return new SentinelRoute({
    name: config.name ?? uri.name,
    clock,
    log,
    role,
    onSwitch,
    sentinels: [at(first), ...more.map(at)],
    promoted: async (replica, signal) => {
      try {
        const address = { ...replica, ...(await loadCredentials(config, replica)) };
        const material = tls ? await loadTls(config) : undefined;
        return await isPromoted({ clock, address, tls: material, timeoutMs, signal });
      } catch {
        return false;
      }
    },
    open: ({ address, onReport, onCandidate }) =>
      new Sentinel({
        clock,
        master: master ?? "",
        timeoutMs: Math.min(timeoutMs, maxSentinelTimeoutMs),
        onReport,
        onCandidate,
        address: async () => ({ ...address, ...(await loadCredentials(sentinel, address)) }),
        tls: async () => (secure ? await loadTls(own ? sentinel : config) : undefined),
        servers,
      }),
  });
}

/** Asks a node for the keys by WATCH, which needs no other permission than the source has. */
function askingFor(keys: readonly string[], config: RedisSourceConfig, connect: Connect): AskNode {
  return async (node, { deadlineMs, signal }) => {
    let connection: RedisConnection | undefined;
    try {
      connection = await connect({
        address: { ...node, ...(await loadCredentials(config, node)) },
        tls: node.tls ? await loadTls(config) : undefined,
        answerTimeoutMs: deadlineMs,
        documentTimeoutMs: deadlineMs,
        onClose: () => {},
        signal,
      });
      await connection.send("WATCH", keys);
      return "owner";
    } catch (error) {
      if (connection && isRefusal(error)) return "owner";
      const problem = explainRedisError(error, { address: node });
      // Only the owner of a slot tells that its keys are on their way to another node.
      if (problem instanceof Redirection) return problem.type === "ASK" ? "owner" : problem;
      return problem.kind === "permanent" ? "refuses" : undefined;
    } finally {
      connection?.close();
    }
  };
}

interface PromotionOptions {
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
async function isPromoted(options: PromotionOptions): Promise<boolean> {
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
