import { RedisClient } from "bun";
import type { Deadlines } from "./deadlines.ts";
import type { RedisAddress } from "./redis-address.ts";
import { RedisError } from "./redis-error.ts";
import type { RedisTls } from "./redis-tls.ts";
import { type ServerFacts, serverFacts } from "./server-facts.ts";

/** One connection, used until its first failure. Errors are those of Bun's client, or RedisError. */
export interface RedisConnection {
  /** Whether it was lost or closed. */
  readonly closed: boolean;
  /** What the server has said of itself. */
  readonly server: ServerFacts;
  send(command: string, args: readonly string[]): Promise<unknown>;
  /** The same with the deadline of a document, which may be large and the line slow. */
  fetch(command: string, args: readonly string[]): Promise<unknown>;
  /** GET with the deadline of a document; null if there is no such key. */
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

/** Opens a connection. @throws errors of Bun's client, or RedisError */
export type Connect = (options: ConnectOptions) => Promise<RedisConnection>;

/**
 * Connects, authenticates, chooses the database and asks the server what it is.
 *
 * BUN 1.4.5: the cause of a failure is only in the answer to a first command: `connect()` of Bun's client
 * rejects with "Connection closed" whatever it was, and resolves for a database that does not exist.
 */
export const connectRedis: Connect = async (options) => {
  const { address, signal } = options;
  signal.throwIfAborted();
  const connection = new BunConnection(options);
  const abort = () => connection.close();
  signal.addEventListener("abort", abort);
  try {
    // BUN 1.4.5: the database of a Unix socket cannot be in the client's URL.
    if ("path" in address.endpoint && address.database > 0) {
      await connection.send("SELECT", [String(address.database)]);
    }
    await connection.identify();
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
  server: ServerFacts = serverFacts(undefined);
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
      // BUN 1.4.5: it gives up for good after some tries, and was seen to answer one command with another's reply.
      autoReconnect: false,
      // It would close healthy connections, and nothing opens them again.
      idleTimeout: 0,
      ...(tls ? { tls: { ...tls } } : {}),
    });
    this.#client.onclose = () => this.#ended();
  }

  /**
   * HELLO without arguments changes nothing and needs no permission (PING does). A server that only knows
   * it with arguments, or under another name, is still a server: it is used without knowing what it is.
   */
  async identify(): Promise<void> {
    try {
      this.server = serverFacts(await this.send("HELLO", []));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (this.closed || code !== "ERR_REDIS_SERVER_ERROR") throw error;
    }
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

  /** BUN 1.4.5: the client's commands have no deadline: a server that stops answering would hang them for ever. */
  async #within<T>(ms: number, reply: Promise<T>): Promise<T> {
    let timer: Timer | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new RedisError(`no response within ${ms} ms`, "timeout"));
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

/**
 * The same connection with ASKING before each command that names a key: a node that is still importing the
 * key's slot then answers itself.
 */
export function asking(connection: RedisConnection): RedisConnection {
  // Its own failure is that of the command that follows.
  const ask = () => void connection.send("ASKING", []).catch(() => {});
  return {
    get closed() {
      return connection.closed;
    },
    server: connection.server,
    send(command, args) {
      if (command === "WATCH") ask();
      return connection.send(command, args);
    },
    fetch(command, args) {
      ask();
      return connection.fetch(command, args);
    },
    getBytes(key) {
      ask();
      return connection.getBytes(key);
    },
    close: () => connection.close(),
  };
}

/**
 * The address as Bun's client wants it. BUN 1.4.5: a password alone needs a colon before it, a socket with
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
