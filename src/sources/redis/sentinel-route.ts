import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { RedisConnection } from "./connection.ts";
import { type RedisAddress, serverName } from "./redis-address.ts";
import { RedisError } from "./redis-errors.ts";
import type { Route, Target } from "./route.ts";
import type { MasterReport, Sentinel, SentinelOptions } from "./sentinel.ts";

interface SentinelRouteOptions {
  readonly sentinels: readonly [RedisAddress, ...RedisAddress[]];
  /** Which of the servers to read; a replica only if there is one. */
  readonly role: "master" | "replica";
  readonly clock: Clock;
  readonly log: Log;
  /** The source, for messages. */
  readonly name: string;
  /** How a Sentinel is talked to. */
  readonly open: (options: {
    readonly address: RedisAddress;
    readonly onReport: SentinelOptions["onReport"];
    readonly onCandidate: SentinelOptions["onCandidate"];
  }) => Pick<Sentinel, "ask" | "close">;
  /** Whether this replica becomes the master, as it says itself. Never rejects. */
  readonly promoted: (replica: RedisAddress, signal: AbortSignal) => Promise<boolean>;
  /** The present server is the master no longer: leave it. */
  readonly onSwitch: () => void;
}

/** Sentinels that are remembered. */
const maxSentinels = 20;
/** While the Sentinels choose a new master, they are asked this often. */
const failover = { waitMs: 500, rounds: 120 };
/** For so long after a switch some Sentinels may still name the old master, in the same epoch. */
const settleMs = 10_000;

/**
 * The way to the master by its Sentinels. All of them are asked at each connect, and the first that answers is
 * followed; all are listened to for as long as the source runs. After a failover the old master keeps its
 * clients and still takes itself for the master, so only what the Sentinels say counts, and of that what
 * belongs to the latest failover.
 */
export class SentinelRoute implements Route {
  readonly many = true;
  readonly #options: SentinelRouteOptions;
  readonly #sentinels = new Map<string, Pick<Sentinel, "ask" | "close">>();
  /** What is known of the latest failover. */
  #report: MasterReport | undefined;
  /** Until when only a later failover leads to another master. */
  #settledAt = Number.NEGATIVE_INFINITY;
  /** Replicas that are asked whether they have become the master. */
  readonly #candidates = new Set<string>();
  readonly #closed = new AbortController();
  #target: RedisAddress | undefined;
  #rounds = 0;

  constructor(options: SentinelRouteOptions) {
    this.#options = options;
  }

  get failoverWaitMs(): number | undefined {
    return this.#rounds < failover.rounds ? failover.waitMs : undefined;
  }

  async next(signal: AbortSignal): Promise<Target> {
    for (const address of this.#options.sentinels) this.#add(address);
    const asked = [...this.#sentinels.values()].map((sentinel) => sentinel.ask());
    const report = await Promise.any(asked).catch((error: AggregateError) => error);
    signal.throwIfAborted();
    if (!("master" in report)) throw this.#unknown(report.errors);
    this.#consider(report);
    const { master, replicas } = this.#report ?? report;
    const replica = replicas[Math.floor(Math.random() * replicas.length)];
    const address = this.#options.role === "replica" && replica ? replica : master;
    this.#target = address;
    return { address, asking: false, deadlineMs: undefined };
  }

  /** A server that has just been made a replica may not know it yet, but one that knows is not to be read. */
  async check(connection: RedisConnection): Promise<void> {
    const reply = await connection.send("ROLE", []).catch((error: unknown) => {
      if (connection.closed) throw error;
      // Without that permission, the Sentinels' word has to do.
      return undefined;
    });
    const role = Array.isArray(reply) ? reply[0] : undefined;
    if (role === "slave" && this.#options.role === "master") {
      throw new RedisError(
        `${this.#target ? serverName(this.#target) : "the server"} is not the master (yet), though the Sentinels say so`,
        "retryable",
      );
    }
  }

  /**
   * Most of the Sentinels have to name the present server, for it takes as many to put another one in its place:
   * one that was cut off still names the old master, and so does that of itself.
   */
  async confirm(): Promise<void> {
    const asked = [...this.#sentinels.values()].map((sentinel) => sentinel.ask());
    const reports = await Promise.allSettled(asked);
    const target = this.#target ? serverName(this.#target) : "";
    const agreeing = reports.filter(
      (report) =>
        report.status === "fulfilled" &&
        serverName(report.value.master) === target &&
        report.value.epoch >= (this.#report?.epoch ?? 0),
    );
    if (agreeing.length * 2 > asked.length) return;
    throw new RedisError(
      `only ${agreeing.length} of ${asked.length} Sentinels name ${target} as the master, so that writing there is not safe`,
      "retryable",
    );
  }

  arrived(): void {
    this.#rounds = 0;
  }

  redirected(): boolean {
    return false;
  }

  failed(): boolean {
    this.#rounds++;
    return false;
  }

  close(): void {
    this.#closed.abort();
    for (const sentinel of this.#sentinels.values()) sentinel.close();
    this.#sentinels.clear();
  }

  #add(address: RedisAddress): void {
    const name = serverName(address);
    if (this.#sentinels.has(name) || this.#sentinels.size >= maxSentinels) return;
    const sentinel = this.#options.open({
      address,
      onReport: (report) => this.#consider(report),
      onCandidate: (replica) => void this.#follow(replica),
    });
    this.#sentinels.set(name, sentinel);
  }

  /** A Sentinel that was cut off may still report what was before the last failover. */
  #consider(report: MasterReport): void {
    for (const address of report.sentinels) this.#add(address);
    const known = this.#report;
    if (known && report.epoch < known.epoch) return;
    const other = known && serverName(known.master) !== serverName(report.master);
    const settled = this.#options.clock.now() >= this.#settledAt;
    if (other && report.epoch === known.epoch && !settled) return;
    this.#report = report;
    this.#switchTo(report.master, "the Sentinels name another master");
  }

  /** Before the Sentinels name the master that they are making of this replica, it can tell so itself. */
  async #follow(replica: RedisAddress): Promise<void> {
    const name = serverName(replica);
    const { role, promoted } = this.#options;
    const known = this.#report;
    if (role === "replica" || !known || this.#candidates.has(name)) return;
    this.#candidates.add(name);
    const isMaster = await promoted(replica, this.#closed.signal);
    this.#candidates.delete(name);
    const latest = this.#report ?? known;
    if (!isMaster || latest.epoch > known.epoch) return;
    this.#report = { ...latest, master: replica };
    this.#switchTo(replica, "the Sentinels have made a replica the master");
  }

  #switchTo(master: RedisAddress, what: string): void {
    const { role, clock, log, name, onSwitch } = this.#options;
    if (!this.#target || role === "replica") return;
    if (serverName(master) === serverName(this.#target)) return;
    log.info(what, { source: name, master: serverName(master) });
    this.#target = master;
    this.#settledAt = clock.now() + settleMs;
    onSwitch();
  }

  #unknown(errors: readonly unknown[]): RedisError {
    const known = errors.find((error) => error instanceof RedisError);
    if (known instanceof RedisError) return known;
    const names = this.#options.sentinels.map(serverName).join(", ");
    const reasons = [...new Set(errors.map(messageOf).map(inWords))].join("; ");
    return new RedisError(`none of the Sentinels ${names} can be asked: ${reasons}`, "retryable");
  }
}

function inWords(message: string): string {
  if (!/unknown command .?SENTINEL/i.test(message)) return message;
  return "it is no Sentinel: for the server that has the flags, write redis:// and no name of a master";
}
