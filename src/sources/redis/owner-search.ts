import type { Clock } from "../../core/clock.ts";
import { namedBy, type RedisAddress, serverName } from "./redis-address.ts";
import { Redirection } from "./redis-errors.ts";

/** Nodes that are asked side by side, and of those that are known at all. */
const max = { asked: 16, nodes: 100 };
/** Between two questions to a node: while a master is usually chosen, and from then on. */
const paceMs = { failover: 250, later: 5000 };
const failoverMs = 60_000;
/** How long a node has for its answer: longer from time to time, as the way to it may be long. */
const deadline = { firstMs: 1000, maxMs: 8000, doubledAfter: 8 };

/**
 * What a node says when it is asked for the keys: it has them; another one has; it knows, and will not tell us.
 * Undefined: nothing that helps.
 */
export type Standing = "owner" | Redirection | "refuses" | undefined;

/** Asks a node for the keys. Never rejects. */
export type AskNode = (
  node: RedisAddress,
  options: { readonly deadlineMs: number; readonly signal: AbortSignal },
) => Promise<Standing>;

interface Turn {
  readonly node: RedisAddress;
  dueAt: number;
  asked: number;
  /** It had the keys, but said so late. */
  late: boolean;
}

interface OwnerSearchOptions {
  readonly clock: Clock;
  readonly ask: AskNode;
  /** Until they are asked for the first time. */
  readonly delayMs: number;
  readonly onFound: () => void;
}

/**
 * The nodes of a cluster are asked side by side, each again and again, until one says that it has the keys: nobody
 * waits for one that hangs. What others say of a node only adds it to those that are asked: it may be gone.
 */
export class OwnerSearch {
  /** Never resolves if nobody is found. */
  readonly owner: Promise<RedisAddress>;
  /** One that refuses us: why, only a connection to it can tell. */
  refusing: RedisAddress | undefined;
  readonly #found = Promise.withResolvers<RedisAddress>();
  readonly #options: OwnerSearchOptions;
  readonly #began: number;
  readonly #names = new Set<string>();
  /** Who is asked next, in order. */
  readonly #turns: Turn[] = [];
  readonly #ended = new AbortController();
  #asking = 0;

  constructor(nodes: readonly RedisAddress[], options: OwnerSearchOptions) {
    this.#options = options;
    this.#began = options.clock.now();
    this.owner = this.#found.promise;
    for (const node of nodes) this.#add(node, options.delayMs);
  }

  /** Leaves no connection. */
  close(): void {
    this.#ended.abort();
  }

  #add(node: RedisAddress, delayMs: number): void {
    const name = serverName(node);
    if (this.#names.has(name) || this.#names.size >= max.nodes) return;
    this.#names.add(name);
    this.#turns.push({ node, dueAt: this.#options.clock.now() + delayMs, asked: 0, late: false });
    if (this.#asking < max.asked) void this.#askInTurn();
  }

  async #askInTurn(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#ended;
    this.#asking++;
    for (let turn = this.#turns.shift(); turn; turn = this.#turns.shift()) {
      await clock.sleep(Math.max(0, turn.dueAt - clock.now()), signal);
      if (signal.aborted) return;
      await this.#ask(turn);
      if (signal.aborted) return;
      const usual = clock.now() - this.#began < failoverMs;
      turn.dueAt = clock.now() + (usual ? paceMs.failover : paceMs.later);
      this.#turns.push(turn);
    }
    this.#asking--;
  }

  async #ask(turn: Turn): Promise<void> {
    const { clock, ask, onFound } = this.#options;
    const { node } = turn;
    const { signal } = this.#ended;
    const doublings = Math.floor(turn.asked++ / deadline.doubledAfter);
    const deadlineMs = Math.min(deadline.maxMs, deadline.firstMs * 2 ** doublings);
    const began = clock.now();
    const standing = await ask(node, { deadlineMs, signal });
    if (signal.aborted) return;
    if (standing === "owner") {
      // One that wakes up after a hang answers before it has heard of its successor.
      const late = clock.now() - began > paceMs.failover;
      if (late && !turn.late) {
        turn.late = true;
        return;
      }
      this.close();
      this.#found.resolve(node);
      onFound();
      return;
    }
    turn.late = false;
    if (standing === "refuses") this.refusing ??= node;
    const other = standing instanceof Redirection ? namedBy(node, standing) : undefined;
    if (other) this.#add(other, 0);
  }
}
