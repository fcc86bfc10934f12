import type { Clock } from "../../core/clock.ts";
import type { RedisConnection } from "./connection.ts";
import { type AskNode, OwnerSearch } from "./owner-search.ts";
import { namedBy, type RedisAddress, serverName } from "./redis-address.ts";
import { Redirection, RedisError } from "./redis-errors.ts";
import type { Route, Target } from "./route.ts";

/** Redirections in a row: more than a cluster that is being rearranged needs. */
const maxHops = 5;
/** Nodes that are remembered because of redirections, until a node tells of all. */
const maxRedirections = 2;
/** Nodes of one cluster that are remembered. */
const maxNodes = 100;
/** A cluster chooses a new master within seconds: so often, and for so long, it is tried. */
const failover = { waitMs: 250, patienceMs: 60_000 };
/** One of several nodes has so long to accept a connection; one that has just said that it has the keys, longer. */
const connectMs = { any: 500, owner: 2000 };
/** How long the search for the owner is waited for before the failure is told. */
const searchMs = 1000;

interface NodeRouteOptions {
  readonly clock: Clock;
  readonly ask: AskNode;
  /** The owner was found while nobody waited for it. */
  readonly onSwitch: () => void;
}

/**
 * The way to the keys by the servers themselves: the one of the URI, or the nodes of a cluster. The node that
 * had them last is asked, or the first of the URI, and where it redirects to. If that fails, all that are known
 * are asked side by side.
 */
export class NodeRoute implements Route {
  readonly #seeds: readonly [RedisAddress, ...RedisAddress[]];
  readonly #options: NodeRouteOptions;
  /** The nodes of the cluster, as its last node said. */
  #learned: readonly RedisAddress[] = [];
  #learnedOver: RedisConnection | undefined;
  /** Which node had the keys last. */
  #owner: RedisAddress | undefined;
  #target: Target;
  /** Where a redirection leads. */
  #redirected: Target | undefined;
  #search: OwnerSearch | undefined;
  /** Whether somebody waits for what the search finds. */
  #waiting = false;
  #problem: RedisError | undefined;
  /** On the clock of `now()`. */
  #failingSince: number | undefined;
  #hops = 0;

  constructor(seeds: readonly [RedisAddress, ...RedisAddress[]], options: NodeRouteOptions) {
    this.#seeds = seeds;
    this.#options = options;
    this.#target = { address: seeds[0], asking: false, deadlineMs: undefined };
  }

  get many(): boolean {
    return this.#nodes().length > 1;
  }

  get failoverWaitMs(): number | undefined {
    const now = this.#options.clock.now();
    const patient = now < (this.#failingSince ?? now) + failover.patienceMs;
    return this.many && patient ? failover.waitMs : undefined;
  }

  async next(signal: AbortSignal): Promise<Target> {
    this.#target = this.#redirected ?? (await this.#present(signal));
    this.#redirected = undefined;
    return this.#target;
  }

  async check(): Promise<void> {}

  /** A node of a cluster that has lost a slot redirects the write, and a single server has nobody to ask. */
  async confirm(): Promise<void> {}

  redirected(to: Redirection): boolean {
    const next = namedBy(this.#target.address, to);
    if (this.#hops >= maxHops || next === undefined) return false;
    this.#hops++;
    if (this.#learned.length < maxRedirections) this.#learned = [...this.#learned, next];
    this.#redirected = { address: next, asking: to.type === "ASK", deadlineMs: connectMs.any };
    return true;
  }

  failed(problem: RedisError | Redirection): boolean {
    const { clock, ask, onSwitch } = this.#options;
    this.#hops = 0;
    this.#problem = problem instanceof Redirection ? problem.withoutEnd() : problem;
    const first = this.#failingSince === undefined;
    this.#failingSince ??= clock.now();
    if (!this.many) return false;
    this.#search ??= new OwnerSearch(this.#nodes(), {
      clock,
      ask,
      // One that says that it has the keys, and then fails, is not asked without a pause.
      delayMs: first ? 0 : failover.waitMs,
      onFound: () => this.#waiting || onSwitch(),
    });
    return first;
  }

  arrived(connection: RedisConnection): void {
    const { address, asking } = this.#target;
    this.#hops = 0;
    this.#failingSince = undefined;
    // Until the migration ends, the slot is its owner's.
    if (!asking) this.#owner = address;
    if (connection.server.mode === "cluster" && connection !== this.#learnedOver) {
      this.#learnedOver = connection;
      void this.#learn(connection, address);
    }
  }

  close(): void {
    this.#search?.close();
    this.#search = undefined;
  }

  /** Without a redirection. */
  async #present(signal: AbortSignal): Promise<Target> {
    if (this.#search) {
      const address = await this.#find(this.#search, signal);
      this.close();
      return { address, asking: false, deadlineMs: connectMs.owner };
    }
    const address = this.#owner ?? this.#seeds[0];
    return { address, asking: false, deadlineMs: this.many ? connectMs.any : undefined };
  }

  /** @throws RedisError if that takes long: what has failed before */
  async #find(search: OwnerSearch, signal: AbortSignal): Promise<RedisAddress> {
    const done = new AbortController();
    const late = this.#options.clock
      .sleep(searchMs, AbortSignal.any([signal, done.signal]))
      .then(() => search.refusing);
    this.#waiting = true;
    try {
      const found = await Promise.race([search.owner, late]);
      signal.throwIfAborted();
      if (found) return found;
      throw this.#problem ?? new RedisError("no node has the key", "retryable");
    } finally {
      this.#waiting = false;
      done.abort();
    }
  }

  /** Without that permission the nodes of the URI and of redirections have to do. */
  async #learn(connection: RedisConnection, address: RedisAddress): Promise<void> {
    const slots = await connection.send("CLUSTER", ["SLOTS"]).catch(() => undefined);
    const nodes = clusterNodes(slots, address).slice(0, maxNodes);
    if (nodes.length > 0) this.#learned = nodes;
  }

  /** In the order in which they are asked. */
  #nodes(): readonly RedisAddress[] {
    const all = [...(this.#owner ? [this.#owner] : []), ...this.#seeds, ...this.#learned];
    return [...new Map(all.map((node) => [serverName(node), node])).values()];
  }
}

/**
 * The nodes in an answer to CLUSTER SLOTS: `[[first, last, [host, port, …], [host, port, …], …], …]`, the
 * master of each range of slots before its replicas. What is not understood is left out.
 * @param asked the node that answered: a node without a host has the same one
 */
export function clusterNodes(slots: unknown, asked: RedisAddress): RedisAddress[] {
  if (!Array.isArray(slots)) return [];
  const nodes = new Map<string, RedisAddress>();
  for (const range of slots) {
    for (const node of Array.isArray(range) ? range.slice(2) : []) {
      const [given, port] = Array.isArray(node) ? node : [];
      if (typeof port !== "number" || port < 1) continue;
      const named = typeof given === "string" && given !== "" && given !== "?";
      const address = namedBy(asked, { host: named ? given : undefined, port });
      if (address) nodes.set(serverName(address), address);
    }
  }
  return [...nodes.values()];
}
