import type { RedisConnection } from "./connection.ts";
import type { RedisAddress } from "./redis-address.ts";
import type { Redirection, RedisError } from "./redis-errors.ts";

/** The server to connect to next. */
export interface Target {
  readonly address: RedisAddress;
  /** It is still importing the key's slot, and answers after ASKING only. */
  readonly asking: boolean;
  /** How long it has to accept the connection, if less than usual: others wait for their turn. */
  readonly deadlineMs: number | undefined;
}

/** For {@link ConnectOptions}. */
export function connectDeadline({ deadlineMs }: Target): { readonly connectTimeoutMs?: number } {
  return deadlineMs === undefined ? {} : { connectTimeoutMs: deadlineMs };
}

/** The way to the server that has the key. */
export interface Route {
  /** @throws RedisError if nobody can say where the server is */
  next(signal: AbortSignal): Promise<Target>;
  /** @throws RedisError if this server must not be read */
  check(connection: RedisConnection): Promise<void>;
  /**
   * Makes sure that the present server is still the one that has the key, before it is written to.
   * @throws RedisError if that is not certain
   */
  confirm(): Promise<void>;
  /** The key was read over this connection. */
  arrived(connection: RedisConnection): void;
  /** Another server has the key. False: that leads nowhere, so the present one has failed. */
  redirected(to: Redirection): boolean;
  /** The present server has failed. True: another one may have the key, try it at once. */
  failed(problem: RedisError | Redirection): boolean;
  /** Whether there are other servers than the present one. */
  readonly many: boolean;
  /** The wait between two attempts while a new master is being chosen; undefined: as after any failure. */
  readonly failoverWaitMs: number | undefined;
  /** Leaves no connection. */
  close(): void;
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
