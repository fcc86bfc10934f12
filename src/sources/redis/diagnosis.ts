import { connect } from "node:net";
import type { RedisConnection } from "./connection.ts";
import { type RedisAddress, serverName } from "./redis-address.ts";
import { needsHello, RedisError } from "./redis-errors.ts";
import type { RedisUri } from "./redis-uri.ts";

const tryMs = 2000;
/** For an answer to PING, which tells a server without HELLO 3 from none. */
const pingMs = 300;

/** Finds out why a server is out of reach, and says it in words. Never rejects. */
export type Diagnose = (
  address: RedisAddress,
  error: RedisError,
  /** `known`: whether the same server has answered before, so that the URI is no wrong one. */
  options: { readonly known: boolean; readonly signal: AbortSignal },
) => Promise<string>;

/**
 * Why a server is out of reach, in words. Bun's client says "Connection closed" whatever the cause, so
 * this looks the host up and opens a bare connection. Never rejects.
 */
export const diagnose: Diagnose = async (address, error, { known, signal }) => {
  const outcome = await tryToConnect(address, signal);
  const place = serverName(address);
  const connected = outcome === "connected" || outcome === "answered";
  if (!connected) return describe(outcome, address);
  if (outcome === "answered" && error.kind === "closed" && !known)
    return `${place} closes the connection at HELLO: ${needsHello}`;
  if (known) {
    return error.kind === "timeout"
      ? `${place} accepts connections, but no longer responds`
      : `the connection to ${place} was lost`;
  }
  const other = address.tls
    ? "if the port does not use TLS, use redis://"
    : "if the port expects TLS, use rediss://";
  const hint = "path" in address.endpoint ? "check that it is Redis" : other;
  return error.kind === "timeout"
    ? `${place} accepts connections, but does not respond (${hint})`
    : `${place} closes the connection without a response (${hint})`;
};

/** @returns `answered` (to PING), `connected`, or the code of an error */
function tryToConnect({ endpoint, tls }: RedisAddress, signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve("ABORTED");
    const socket = connect(endpoint);
    const done = (outcome: string) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      // Errors after this one are of no interest, and without a listener they end the process.
      socket.on("error", () => {});
      socket.destroy();
      resolve(outcome);
    };
    const abort = () => done("ABORTED");
    let timer = setTimeout(() => done("ETIMEDOUT"), tryMs);
    signal.addEventListener("abort", abort);
    let connected = false;
    socket.once("connect", () => {
      connected = true;
      if (tls) return done("connected");
      clearTimeout(timer);
      timer = setTimeout(() => done("connected"), pingMs);
      socket.write("*1\r\n$4\r\nPING\r\n");
      socket.once("data", (answer) =>
        done(/^(\+PONG|-NOAUTH)/.test(`${answer}`) ? "answered" : "connected"),
      );
      socket.once("close", () => done("connected"));
    });
    socket.once("error", (error: NodeJS.ErrnoException) =>
      done(connected ? "connected" : (error.code ?? error.message)),
    );
  });
}

function describe(code: string, address: RedisAddress): string {
  const place = serverName(address);
  const unix = "path" in address.endpoint;
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return `the socket ${place} does not exist`;
    case "ECONNREFUSED":
      return unix
        ? `nothing is listening on the socket ${place} (connection refused)`
        : `nothing is listening on ${place} (connection refused)`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EAI_NONAME":
      return `the host name of ${place} cannot be resolved (${code})`;
    case "ETIMEDOUT":
      return `${place} cannot be reached: the connection attempt timed out`;
    case "EACCES":
    case "EPERM":
      return `no permission to connect to ${place}`;
    default:
      return `${place} cannot be reached: ${code}`;
  }
}

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
