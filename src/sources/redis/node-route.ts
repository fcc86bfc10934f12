import type { RedisConnection } from "./connection.ts";
import { type RedisAddress, serverName } from "./redis-address.ts";
import { Redirection, type RedisError } from "./redis-errors.ts";
import type { Route, Target } from "./route.ts";

/** Redirections in a row: more than a cluster that is being rearranged needs. */
const maxHops = 5;
/** Nodes that are remembered because of redirections, until a node tells of all. */
const maxRedirections = 2;
/** Nodes of one cluster that are remembered. */
const maxNodes = 100;
/** A cluster chooses a new master within seconds: so often and so many times its nodes are asked for it. */
const failover = { waitMs: 250, rounds: 240 };
/** A node among others that is silent for so long is taken for lost. */
const aliveMs = 2000;
/** One that was out of reach when last tried is asked in one round of so many, so that the others are asked soon again. */
const lostRounds = 3;
/** Its deadline grows with the rounds: the way to it may be long. */
const lostMs = (rounds: number) => 400 * 2 ** Math.floor(rounds / (8 * lostRounds));

/**
 * The way to the key by the servers themselves: the one of the URI, or the nodes of a cluster. The node that
 * had the key last is asked first. If it is out of reach, all others that are known are, until one redirects
 * to its successor.
 */
export class NodeRoute implements Route {
  readonly #seeds: readonly RedisAddress[];
  /** The nodes of the cluster, as its last node said. */
  #learned: readonly RedisAddress[] = [];
  #learnedOver: RedisConnection | undefined;
  /** Which node had the key last. */
  #owner: RedisAddress | undefined;
  #target: Target;
  /** Of the node with which the present redirections began. */
  #origin: string | undefined;
  /** Where a redirection leads. */
  #redirected: Target | undefined;
  /** Those that have failed in this round. */
  readonly #failed = new Set<string>();
  /** Those that could not be reached when last tried. */
  readonly #unreachable = new Set<string>();
  #hops = 0;
  #rounds = 0;

  constructor(seeds: readonly [RedisAddress, ...RedisAddress[]]) {
    this.#seeds = seeds;
    this.#target = { address: seeds[0], asking: false, deadlineMs: undefined };
  }

  get many(): boolean {
    return this.#nodes().length > 1;
  }

  get failoverWaitMs(): number | undefined {
    return this.many && this.#rounds < failover.rounds ? failover.waitMs : undefined;
  }

  async next(): Promise<Target> {
    const address = this.#left()[0] ?? this.#nodes()[0];
    const target = address && {
      address,
      asking: false,
      deadlineMs: this.#deadline(address),
    };
    if (!this.#redirected && address) this.#origin = serverName(address);
    this.#target = this.#redirected ?? target ?? this.#target;
    this.#redirected = undefined;
    return this.#target;
  }

  async check(): Promise<void> {
    this.#unreachable.delete(serverName(this.#target.address));
  }

  /** A node of a cluster that has lost a slot redirects the write, and a single server has nobody to ask. */
  async confirm(): Promise<void> {}

  redirected(to: Redirection): boolean {
    const { address } = this.#target;
    const { endpoint } = address;
    if (this.#hops >= maxHops || "path" in endpoint) return false;
    this.#hops++;
    const next = { ...address, endpoint: { host: to.host ?? endpoint.host, port: to.port } };
    if (this.#learned.length < maxRedirections) this.#learned = [...this.#learned, next];
    // This node does not know yet that the other one is gone, or who follows it.
    if (this.#unreachable.has(serverName(next))) return false;
    this.#redirected = { address: next, asking: to.type === "ASK", deadlineMs: aliveMs };
    return true;
  }

  failed(problem: RedisError | Redirection): boolean {
    const name = serverName(this.#target.address);
    this.#failed.add(name);
    if (this.#origin !== undefined) this.#failed.add(this.#origin);
    if (!(problem instanceof Redirection) && problem.kind !== "retryable") {
      this.#unreachable.add(name);
    }
    this.#hops = 0;
    const more = this.#left().length > 0;
    if (!more) {
      this.#failed.clear();
      this.#rounds++;
    }
    return more;
  }

  arrived(connection: RedisConnection): void {
    const { address, asking } = this.#target;
    this.#failed.clear();
    this.#hops = 0;
    this.#rounds = 0;
    // Until the migration ends, the slot is its owner's.
    if (!asking) this.#owner = address;
    if (connection.server.mode === "cluster" && connection !== this.#learnedOver) {
      this.#learnedOver = connection;
      void this.#learn(connection, address);
    }
  }

  close(): void {}

  /** Without that permission the nodes of the URI and of redirections have to do. */
  async #learn(connection: RedisConnection, address: RedisAddress): Promise<void> {
    const slots = await connection.send("CLUSTER", ["SLOTS"]).catch(() => undefined);
    const nodes = clusterNodes(slots, address).slice(0, maxNodes);
    if (nodes.length > 0) this.#learned = nodes;
  }

  #deadline(node: RedisAddress): number | undefined {
    if (!this.many) return undefined;
    return this.#unreachable.has(serverName(node)) ? lostMs(this.#rounds) : aliveMs;
  }

  /** Those that are still to be tried in this round. */
  #left(): readonly RedisAddress[] {
    const nodes = this.#nodes();
    const gone = (node: RedisAddress) => this.#unreachable.has(serverName(node));
    const all = this.#rounds % lostRounds === 0 || nodes.every(gone);
    return nodes.filter((node) => !this.#failed.has(serverName(node)) && (all || !gone(node)));
  }

  /** In the order in which they are tried. */
  #nodes(): readonly RedisAddress[] {
    const all = [...(this.#owner ? [this.#owner] : []), ...this.#seeds, ...this.#learned];
    const byName = new Map(all.map((node) => [serverName(node), node]));
    const gone = ([name]: readonly [string, unknown]) => (this.#unreachable.has(name) ? 1 : 0);
    return [...byName].sort((a, b) => gone(a) - gone(b)).map(([, node]) => node);
  }
}

/**
 * The nodes in an answer to CLUSTER SLOTS: `[[first, last, [host, port, …], [host, port, …], …], …]`, the
 * master of each range of slots before its replicas. What is not understood is left out.
 * @param asked the node that answered: a node without a host has the same one
 */
export function clusterNodes(slots: unknown, asked: RedisAddress): RedisAddress[] {
  const { endpoint } = asked;
  if (!Array.isArray(slots) || "path" in endpoint) return [];
  const nodes = new Map<string, RedisAddress>();
  for (const range of slots) {
    for (const node of Array.isArray(range) ? range.slice(2) : []) {
      const [given, port] = Array.isArray(node) ? node : [];
      if (typeof port !== "number" || port < 1) continue;
      const named = typeof given === "string" && given !== "" && given !== "?";
      const host = named ? given : endpoint.host;
      nodes.set(`${host} ${port}`, { ...asked, endpoint: { host, port } });
    }
  }
  return [...nodes.values()];
}
