import { RedisClient } from "bun";
import type { Deadlines } from "./deadlines.ts";
import { RedisFault } from "./redis-error.ts";
import type { RedisTls } from "./redis-tls.ts";
import type { RedisAddress } from "./redis-uri.ts";

/** One connection, used until its first failure. Errors are those of Bun's client, or RedisFault. */
export interface RedisConnection {
  /** Whether it was lost or closed. */
  readonly closed: boolean;
  send(command: string, args: readonly string[]): Promise<unknown>;
  /** The same with the deadline of a document, which may be large and the line slow. */
  fetch(command: string, args: readonly string[]): Promise<unknown>;
  /** GET with the deadline of a document; null where the key is not there. */
  getBytes(key: string): Promise<Uint8Array | null>;
  /** May be called again. */
  close(): void;
}

export interface ConnectOptions extends Deadlines {
  readonly address: RedisAddress;
  readonly tls: RedisTls | undefined;
  /** Called when the connection is lost or closed. */
  readonly onClose: () => void;
  readonly signal: AbortSignal;
}

/** Opens a connection. @throws errors of Bun's client, or RedisFault */
export type Connect = (options: ConnectOptions) => Promise<RedisConnection>;

/**
 * Connects, authenticates, chooses the database and sees the server answer.
 *
 * The cause of a failure is only in the answer to a first command: `connect()` of Bun's client rejects
 * with "Connection closed" whatever it was, and resolves for a database that does not exist.
 */
export const connectRedis: Connect = async (options) => {
  const { address, signal } = options;
  signal.throwIfAborted();
  const connection = new BunConnection(options);
  const abort = () => connection.close();
  signal.addEventListener("abort", abort);
  try {
    // The database of a Unix socket cannot be in the client's URL.
    if ("path" in address.endpoint && address.database > 0) {
      await connection.send("SELECT", [String(address.database)]);
    }
    await connection.send("PING", []).catch((error: unknown) => {
      if (!isRefusedPing(error)) throw error;
    });
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
};

class BunConnection implements RedisConnection {
  closed = false;
  readonly #client: RedisClient;
  readonly #answerTimeoutMs: number;
  readonly #documentTimeoutMs: number;
  readonly #onClose: () => void;

  constructor(options: ConnectOptions) {
    const { address, tls, answerTimeoutMs, documentTimeoutMs, onClose } = options;
    this.#answerTimeoutMs = answerTimeoutMs;
    this.#documentTimeoutMs = documentTimeoutMs;
    this.#onClose = onClose;
    this.#client = new RedisClient(clientUrl(address), {
      connectionTimeout: answerTimeoutMs,
      // It gives up for good after some tries, and was seen to answer one command with another's reply.
      autoReconnect: false,
      // It would close healthy connections, and nothing opens them again.
      idleTimeout: 0,
      ...(tls ? { tls: { ...tls } } : {}),
    });
    this.#client.onclose = () => this.#ended();
  }

  send(command: string, args: readonly string[]): Promise<unknown> {
    return this.#within(this.#answerTimeoutMs, this.#client.send(command, [...args]));
  }

  fetch(command: string, args: readonly string[]): Promise<unknown> {
    return this.#within(this.#documentTimeoutMs, this.#client.send(command, [...args]));
  }

  getBytes(key: string): Promise<Uint8Array | null> {
    return this.#within(this.#documentTimeoutMs, this.#client.getBuffer(key));
  }

  close(): void {
    this.#client.close();
    this.#ended();
  }

  #ended(): void {
    if (this.closed) return;
    this.closed = true;
    this.#onClose();
  }

  /** The client's commands have no deadline: a server that stops answering would hang them for ever. */
  async #within<T>(ms: number, reply: Promise<T>): Promise<T> {
    let timer: Timer | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new RedisFault(`no response within ${ms} ms`, "silent"));
        this.close();
      }, ms);
    });
    try {
      return await Promise.race([reply, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** An ACL user without PING has got through authentication and is answered: that is enough. */
function isRefusedPing(error: unknown): boolean {
  return error instanceof Error && /^NOPERM.*'ping'/i.test(error.message);
}

/**
 * The address as Bun's client wants it: a password alone needs a colon before it, a socket with
 * credentials a host, and the socket's path is not percent-decoded.
 */
export function clientUrl({ endpoint, tls, username, password, database }: RedisAddress): string {
  const credentials =
    username === undefined && password === undefined
      ? ""
      : `${encodeURIComponent(username ?? "")}:${encodeURIComponent(password ?? "")}@`;
  if ("path" in endpoint) {
    return `redis+unix://${credentials === "" ? "" : `${credentials}localhost`}${endpoint.path}`;
  }
  const host = endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host;
  return `${tls ? "rediss" : "redis"}://${credentials}${host}:${endpoint.port}/${database}`;
}
