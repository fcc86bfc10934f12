import type {
  Connect,
  RedisConnection,
  ServerFacts,
} from "../../../../src/sources/redis/connection.ts";
import type { RedisAddress } from "../../../../src/sources/redis/redis-address.ts";
import { parseRedisUri } from "../../../../src/sources/redis/redis-uri.ts";
import type { Payload, SourceSink } from "../../../../src/sources/source.ts";

/** An error as Bun's client makes them. */
export function redisError(message: string, code = "ERR_REDIS_SERVER_ERROR"): Error {
  return Object.assign(new Error(message), { code });
}

export const lost = () => redisError("Connection closed", "ERR_REDIS_CONNECTION_CLOSED");

/** The server that a URI names. */
export function addressOf(uri: string): RedisAddress {
  const { endpoints, tls, username, password, database } = parseRedisUri(uri);
  return { endpoint: endpoints[0], tls, username, password, database };
}

/** A server whose answers tests set, and which remembers what it was asked. */
export class FakeRedis {
  /** Answers by command; an Error is thrown. A function is asked at each command, with who is asked. */
  answers: Record<string, unknown> = {
    "CLIENT INFO": "id=1 flags=N db=0",
    UNWATCH: "OK",
    WATCH: "OK",
  };
  /** What a new connection ends with; undefined: it comes about. */
  refusal: Error | ((address: RedisAddress) => Error | undefined) | undefined;
  /** What servers say of themselves. */
  server: ServerFacts = { mode: "standalone", json: false };
  readonly commands: string[] = [];
  readonly connectionsTo: RedisAddress[] = [];
  #current: { closed: boolean; onClose: () => void } | undefined;

  set value(value: string | null | Error) {
    this.answers.GET = typeof value === "string" ? new TextEncoder().encode(value) : value;
  }

  connect: Connect = async ({ address, onClose }) => {
    this.connectionsTo.push(address);
    const refusal = typeof this.refusal === "function" ? this.refusal(address) : this.refusal;
    if (refusal) throw refusal;
    const state = { closed: false, onClose };
    this.#current = state;
    const answer = async (command: string): Promise<unknown> => {
      this.commands.push(command);
      if (state.closed) throw lost();
      const set = this.answers[command];
      const reply = typeof set === "function" ? set(address) : set;
      if (reply instanceof Error) throw reply;
      return reply;
    };
    const connection: RedisConnection = {
      get closed() {
        return state.closed;
      },
      server: this.server,
      send: (command, args) => answer(command === "CLIENT" ? `CLIENT ${args[0]}` : command),
      fetch: (command) => answer(command),
      getBytes: async () => (await answer("GET")) as Uint8Array | null,
      close: () => {
        state.closed = true;
        onClose();
      },
    };
    return connection;
  };

  /** Cuts the connection. */
  cut(): void {
    if (!this.#current) return;
    this.#current.closed = true;
    this.#current.onClose();
  }

  count(command: string): number {
    return this.commands.filter((each) => each === command).length;
  }
}

/** A sink that remembers. */
export class RecordingSink implements SourceSink {
  readonly events: string[] = [];
  serving = false;
  /** What `accept` answers. */
  good = true;

  async accept({ document }: Payload): Promise<boolean> {
    const text = typeof document === "string" ? document : new TextDecoder().decode(document);
    this.events.push(`${this.good ? "accepted" : "rejected"} ${text}`);
    return this.good;
  }
  unchanged(): void {
    this.events.push("unchanged");
  }
  failed(reason: string): void {
    this.events.push(`failed: ${reason}`);
  }
}
