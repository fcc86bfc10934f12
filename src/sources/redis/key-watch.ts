import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import type { ChangeHint, Hint, HintLog } from "./change-hint.ts";
import type { RedisConnection } from "./connection.ts";
import type { Endpoint } from "./redis-address.ts";
import { isRefusal } from "./redis-errors.ts";

/** Changes are seen within 100 ms, at half a percent of a CPU or less. */
const watchMs = 50;
/**
 * A node of a cluster that sees no other node is about to be replaced, and tells so in its answers to commands with a
 * key only: so often one is asked. Others notice the same at the same time, and take a second to put another one in its place.
 */
const ownerMs = 1000;

/**
 * A hint on any server, without configuring it: after WATCH the connection's flags in CLIENT INFO gain a `d`
 * (dirty) once a key is touched. The cost is the same whatever the document's size. A proxy may falsify it.
 */
export class KeyWatch implements ChangeHint {
  readonly pushed = false;
  /** lost: armed again at the next read · refused: not on this connection. */
  #state: "lost" | "armed" | "refused" = "lost";
  /** What the server calls the connection that watches: behind a proxy it may become another one. */
  #id: string | undefined;
  #direct = false;
  #armedInfo: ClientInfo | undefined;
  /** When the node was last asked for the keys. */
  #ownedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: readonly string[],
    private readonly endpoint: Endpoint,
    private readonly log: HintLog,
    private readonly clock: Clock,
  ) {}

  get paceMs(): number | undefined {
    return this.#state === "armed" ? watchMs : undefined;
  }

  /** How often the node of a cluster is asked whether it still has the keys; undefined: it is no such node. */
  get ownerPaceMs(): number | undefined {
    return this.connection.server.mode === "cluster" ? ownerMs : undefined;
  }

  get wanted(): boolean {
    return this.#state !== "refused";
  }

  get direct(): boolean {
    return this.#direct;
  }

  /** What the server said of the connection when the hint was armed; undefined: it is not. */
  get armedInfo(): ClientInfo | undefined {
    return this.#state === "armed" ? this.#armedInfo : undefined;
  }

  async arm(): Promise<void> {
    if (this.#state === "refused") return;
    const replies = await Promise.allSettled([
      this.connection.send("UNWATCH", []),
      this.connection.send("WATCH", this.keys),
      this.connection.send("CLIENT", ["INFO"]),
    ]);
    const failure = replies.find((reply) => reply.status === "rejected");
    if (failure) return this.#failed(failure.reason);
    const info = replies[2].status === "fulfilled" ? clientInfo(replies[2].value) : undefined;
    if (!info?.flags) return this.#failed(new Error("the answer to CLIENT INFO has no flags"));
    this.#state = "armed";
    this.#ownedAt = this.clock.now();
    this.#id = info.id;
    this.#armedInfo = info;
    this.#direct = isAt(info.laddr, this.endpoint);
    this.log.works();
  }

  async touched(): Promise<boolean> {
    // Whatever it is that keeps the server from answering, a poll finds out.
    return (await this.check()) !== "quiet";
  }

  /** What the connection that answers knows. @throws as {@link touched} */
  async check(): Promise<Hint> {
    const [owns, info] = await Promise.all([this.owns(), this.#info()]);
    if (!owns || info?.flags === undefined) return undefined;
    return info.flags.includes("d") ? "touched" : "quiet";
  }

  async sinceRead(): Promise<Hint> {
    if (this.#state !== "armed") return undefined;
    const info = await this.#info();
    if (info?.flags === undefined || info.id !== this.#id) return undefined;
    return info.flags.includes("d") ? "touched" : "quiet";
  }

  close(): void {}

  async #info(): Promise<ClientInfo | undefined> {
    try {
      return clientInfo(await this.connection.send("CLIENT", ["INFO"]));
    } catch (error) {
      if (this.connection.closed) throw error;
      this.#failed(error);
      return undefined;
    }
  }

  /** Whether the node of a cluster still answers for the keys, if it was not asked just now. Never rejects. */
  owns(): Promise<boolean> {
    const { connection, clock, keys } = this;
    const { ownerPaceMs } = this;
    if (ownerPaceMs === undefined || clock.now() < this.#ownedAt + ownerPaceMs) {
      return Promise.resolve(true);
    }
    this.#ownedAt = clock.now();
    return connection.send("WATCH", keys).then(
      () => true,
      () => false,
    );
  }

  /** Only a refusal is for good: a server that runs a script, for one, answers BUSY to everything. */
  #failed(error: unknown): void {
    this.#state = isRefusal(error) ? "refused" : "lost";
    if (this.connection.closed) return;
    if (this.#state === "refused") this.log.refused();
    else this.log.lost(messageOf(error).slice(0, 200));
  }
}

/** What CLIENT INFO says of a connection. */
export interface ClientInfo {
  readonly id: string | undefined;
  readonly flags: string | undefined;
  /** The server's end of the connection (from Redis 6.2 on). */
  readonly laddr: string | undefined;
  /** The client's end. */
  readonly addr: string | undefined;
  /** To which connection the invalidations of CLIENT TRACKING go. */
  readonly redir: string | undefined;
}

export function clientInfo(reply: unknown): ClientInfo {
  const field = (name: string) =>
    typeof reply === "string" ? new RegExp(`(?:^| )${name}=(\\S+)`).exec(reply)?.[1] : undefined;
  return {
    id: field("id"),
    flags: field("flags"),
    laddr: field("laddr"),
    addr: field("addr"),
    redir: field("redir"),
  };
}

/** Whether the server's end is where we connected to, so that nothing stands between. */
function isAt(laddr: string | undefined, endpoint: Endpoint): boolean {
  if (laddr === undefined) return false;
  if ("path" in endpoint) return laddr === `${endpoint.path}:0`;
  const host = endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host;
  const local = endpoint.host === "localhost" && /^(127\.|\[?::1)/.test(laddr);
  return laddr === `${host}:${endpoint.port}` || (local && laddr.endsWith(`:${endpoint.port}`));
}
