import { readFileSync } from "node:fs";
import { RedisClient } from "bun";
import { RedisTrouble } from "./trouble.ts";
import type { RedisUri } from "./uri.ts";

export interface RedisTls {
  /** PEM file of the CA to trust instead of the system's. */
  readonly certPath?: string;
  readonly clientCertPath?: string;
  readonly clientKeyPath?: string;
  /** Name that the server's certificate must have, where it is not the URI's host. */
  readonly serverName?: string;
}

const connectTimeoutMs = 5_000;

/**
 * One connection to Redis, to be thrown away at the first error.
 *
 * Bun's client stops reconnecting for ever after 20 tries, and has been seen to give replies to the
 * wrong command after a reconnect; so it never reconnects here. Its commands have no deadline of
 * their own, so each gets one here.
 */
export class RedisConnection {
  /** Why the connection is gone; undefined while it is there. */
  failure: unknown;
  /** Called when the connection is gone. */
  onLost: (() => void) | undefined;

  private constructor(private readonly client: RedisClient) {
    // Bun ends the process on an exception here.
    client.onclose = (error) => {
      this.failure ??= error;
      this.onLost?.();
    };
  }

  /** @throws what the client throws at the first command, which tells more than its `connect()`. */
  static async open(uri: RedisUri, tls: RedisTls, signal: AbortSignal): Promise<RedisConnection> {
    const client = new RedisClient(clientUrl(uri), {
      autoReconnect: false,
      connectionTimeout: connectTimeoutMs,
      // Bun refuses an empty object; `rediss:` alone turns TLS on.
      ...(uri.tls && hasFiles(tls) ? { tls: readTls(tls) } : {}),
    });
    const connection = new RedisConnection(client);
    const abort = () => client.close();
    signal.addEventListener("abort", abort);
    try {
      await connection.send("PING", [], connectTimeoutMs * 2);
      if ("socketPath" in uri.endpoint && uri.database > 0) {
        await connection.send("SELECT", [`${uri.database}`], connectTimeoutMs);
      }
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** @throws what the client throws, or RedisTrouble after `deadlineMs` */
  send(command: string, args: string[], deadlineMs: number): Promise<unknown> {
    return withDeadline(this.client.send(command, args), deadlineMs);
  }

  /** A string value as its bytes; null: no such key. */
  getBytes(key: string, deadlineMs: number): Promise<Uint8Array | null> {
    return withDeadline(this.client.getBuffer(key), deadlineMs);
  }

  /** Rejects what is under way. May be called again. */
  close(): void {
    this.client.close();
  }
}

async function withDeadline<T>(reply: Promise<T>, ms: number): Promise<T> {
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new RedisTrouble(`Redis did not answer within ${ms / 1000} s`, false)),
      ms,
    );
  });
  try {
    return await Promise.race([reply, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The URI in the only forms that Bun's client reads right. */
function clientUrl({ tls, endpoint, username, password, database }: RedisUri): string {
  const userinfo =
    password === undefined
      ? ""
      : `${encodeURIComponent(username ?? "")}:${encodeURIComponent(password)}@`;
  if ("socketPath" in endpoint) {
    return `redis+unix://${userinfo && `${userinfo}localhost`}${endpoint.socketPath}`;
  }
  return `${tls ? "rediss" : "redis"}://${userinfo}${endpoint.host}:${endpoint.port}/${database}`;
}

function hasFiles(tls: RedisTls): boolean {
  return Boolean(tls.certPath || tls.clientCertPath || tls.clientKeyPath || tls.serverName);
}

/** Read at every connection, so that renewed files are used. */
function readTls({
  certPath,
  clientCertPath,
  clientKeyPath,
  serverName,
}: RedisTls): Bun.TLSOptions {
  if (!clientCertPath !== !clientKeyPath) {
    throw new RedisTrouble("clientCertPath and clientKeyPath belong together: give both", true);
  }
  return {
    ...(certPath && { ca: readPem("certPath", certPath) }),
    ...(clientCertPath && { cert: readPem("clientCertPath", clientCertPath) }),
    ...(clientKeyPath && { key: readPem("clientKeyPath", clientKeyPath) }),
    ...(serverName && { serverName }),
  };
}

function readPem(option: string, path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new RedisTrouble(`${option}: ${(error as Error).message}`, true);
  }
  if (!text.includes("-----BEGIN"))
    throw new RedisTrouble(`${option}: ${path} is no PEM file`, true);
  return text;
}
