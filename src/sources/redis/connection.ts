import { RedisClient } from "bun";
import type { RedisAddress, RedisTls } from "./redis-address.ts";
import { RedisError } from "./redis-errors.ts";

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

interface ConnectOptions extends Deadlines {
  readonly address: RedisAddress;
  /** For connecting, if less than for other answers. */
  readonly connectTimeoutMs?: number;
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
    connection.connected(options);
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
  #answerTimeoutMs: number;
  readonly #documentTimeoutMs: number;
  readonly #onClose: () => void;

  constructor(options: ConnectOptions) {
    const { address, tls, answerTimeoutMs, documentTimeoutMs, onClose } = options;
    const connectTimeoutMs = Math.min(options.connectTimeoutMs ?? answerTimeoutMs, answerTimeoutMs);
    this.#answerTimeoutMs = connectTimeoutMs;
    this.#documentTimeoutMs = documentTimeoutMs;
    this.#onClose = onClose;
    this.#client = new RedisClient(clientUrl(address), {
      connectionTimeout: connectTimeoutMs,
      // BUN 1.4.5: it gives up for good after some tries.
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

  /** From now on others wait for less. */
  connected({ answerTimeoutMs }: Deadlines): void {
    const inCluster = this.server.mode === "cluster";
    this.#answerTimeoutMs = inCluster ? Math.min(nodeTimeoutMs, answerTimeoutMs) : answerTimeoutMs;
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

/** How long a server has for its answers, in milliseconds. */
export interface Deadlines {
  /** For connecting and for all commands but those that fetch a document. */
  readonly answerTimeoutMs: number;
  readonly documentTimeoutMs: number;
}

const usualTimeoutMs = 10_000;
/** A node of a cluster that is silent for so long is taken for lost: another one may take its place. */
const nodeTimeoutMs = 1000;
/** Enough for TLS over a long way; more would delay the next attempt of a short interval. */
const minAnswerTimeoutMs = 3000;

export function deadlinesFor(interval: number, timeoutMs = usualTimeoutMs): Deadlines {
  return {
    answerTimeoutMs: Math.min(timeoutMs, Math.max(interval * 1000, minAnswerTimeoutMs)),
    documentTimeoutMs: timeoutMs * 3,
  };
}

/** What a server says of itself in its answer to HELLO. */
export interface ServerFacts {
  /** Undefined: it did not say. */
  readonly mode: "standalone" | "cluster" | "sentinel" | undefined;
  /** Whether it has JSON.GET: a module's name in RedisJSON and Valkey JSON. */
  readonly json: boolean;
}

const modes = ["standalone", "cluster", "sentinel"] as const;

/** @param hello the answer; anything else than a map says nothing */
function serverFacts(hello: unknown): ServerFacts {
  const entries = typeof hello === "object" && hello !== null ? hello : {};
  const { mode, modules } = entries as { readonly mode?: unknown; readonly modules?: unknown };
  const names = Array.isArray(modules) ? modules.map(moduleName) : [];
  return {
    mode: modes.find((name) => name === mode),
    json: names.some((name) => /^(ReJSON|json)$/i.test(name)),
  };
}

function moduleName(module: unknown): string {
  if (typeof module !== "object" || module === null || !("name" in module)) return "";
  return String(module.name);
}
