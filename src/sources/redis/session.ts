import type { Clock } from "../../core/clock.ts";
import { contentHash } from "../content-hash.ts";
import type { PollSchedule } from "../poller.ts";
import type { RetryLoop } from "../retry-loop.ts";
import { largeDocument, type SourceSink } from "../source.ts";
import { type ChangeHint, FetchSaving } from "./change-hint.ts";
import type { RedisConnection } from "./connection.ts";
import type { RedisAddress } from "./redis-address.ts";
import type { ContentReader } from "./redis-content.ts";
import { explainRedisError, type Redirection, RedisError } from "./redis-errors.ts";
import type { Route } from "./route.ts";

/**
 * A large document that changes all the time is fetched for at most a third of the time. What counts is the shorter one
 * of the last two polls: a single long one has waited for a server that was away, and nobody should wait longer for that.
 */
const restPerPoll = 2;
/** Changes that are pushed one after another are fetched together, so many milliseconds after a poll. */
const burstMs = 20;
/** After a hint has failed, the longest time until it is asked again. */
const maxHintRestMs = 30_000;

/** What a source has beyond one connection. */
export interface Polled {
  readonly clock: Clock;
  readonly loop: RetryLoop;
  readonly schedule: PollSchedule;
  readonly route: Route;
  /** SHA3-256 of the document last delivered, accepted or not. */
  lastHash: string | undefined;
  /** A poll was asked for that has not begun. */
  pollAsked: boolean;
}

/** The life of one connection: polls, and in between checks for changes. */
export class Session {
  /** Whether the key was read over this connection. */
  established = false;
  readonly #saving = new FetchSaving();
  /** How often in a row the hint has failed. */
  #hintFailures = 0;
  /** How long the last poll took. */
  #pollMs = 0;
  #large = false;

  constructor(
    private readonly connection: RedisConnection,
    private readonly address: RedisAddress,
    private readonly reader: ContentReader,
    readonly hint: ChangeHint,
    private readonly polled: Polled,
    /** Aborts when the connection is lost or closed. */
    private readonly ended: AbortSignal,
  ) {}

  /**
   * Resolves at the abort, and when the connection was lost after the key had been read.
   * @throws RedisError, Redirection
   */
  async run(sink: SourceSink, signal: AbortSignal): Promise<void> {
    const { clock } = this.polled;
    while (!signal.aborted && !this.connection.closed) {
      const began = clock.now();
      try {
        const due = await this.#poll(sink);
        if (due === undefined) await this.polled.loop.backOff(this.ended);
        else await this.#rest(due, clock.now() - began);
      } catch (error) {
        const problem = this.#explain(error);
        // Servers and proxies close idle connections. Whether something is wrong shows when the next one is opened.
        const lost = problem instanceof RedisError && problem.kind === "closed" && this.established;
        if (!lost) throw problem;
        this.connection.close();
      }
    }
  }

  /**
   * Reads the content, in one round trip with the commands that arm the hint. Reads nothing if no poll was
   * asked for and the hint, which is trusted, says that nothing has changed.
   * @returns when the next poll is due; undefined: after the backoff
   */
  async #poll(sink: SourceSink): Promise<number | undefined> {
    const { schedule, pollAsked: asked } = this.polled;
    this.polled.pollAsked = false;
    const hint = await this.hint.sinceRead();
    if (!asked && this.#saving.saves(hint, this.hint)) {
      sink.unchanged();
      return schedule.next();
    }
    const armed = this.hint.arm();
    const content = await this.reader.read().catch((error: unknown) => this.#problem(error));
    await armed;
    if (content instanceof RedisError) {
      this.#saving.failed();
      sink.failed(content.message);
      return content.kind === "content" ? this.#arrived() : undefined;
    }
    const due = this.#arrived();
    const { raw, ...payload } = content;
    const { document } = payload;
    const hash = await contentHash(raw ?? document);
    const changed = hash !== this.polled.lastHash;
    this.#large = document.length > largeDocument;
    this.#saving.fetched(hint, { bytes: document.length, changed });
    if (changed) {
      this.polled.lastHash = hash;
      await sink.accept({ ...payload, hash });
    } else {
      sink.unchanged();
    }
    return due;
  }

  /** What is wrong with the key or passes by itself, over a connection that is well: no reason to leave it. */
  #problem(error: unknown): RedisError {
    const problem = this.#explain(error);
    if (problem instanceof RedisError && !this.connection.closed) {
      if (problem.kind === "content") return problem;
      if (problem.kind === "retryable" && !this.polled.route.many) return problem;
    }
    throw problem;
  }

  /** The server answers for the key. */
  #arrived(): number {
    this.established = true;
    this.polled.loop.markWorking();
    this.polled.route.arrived(this.connection);
    return this.polled.schedule.next();
  }

  /** Until the next poll is due, a hint makes it early, one is asked for, or the connection is lost. */
  async #rest(due: number, pollMs: number): Promise<void> {
    const { clock, loop } = this.polled;
    const rest = this.#large ? Math.min(pollMs, this.#pollMs) * restPerPoll : 0;
    this.#pollMs = pollMs;
    const failures = this.#hintFailures;
    const patience = failures > 0 ? Math.min(maxHintRestMs, 500 * 2 ** failures) : 0;
    const began = clock.now();
    const rested = began + Math.max(rest, burstMs);
    let checkAt = began + Math.max(rest, patience, this.hint.paceMs ?? 0);
    for (;;) {
      const now = clock.now();
      if (due <= now || this.polled.pollAsked || this.connection.closed) return;
      if (this.hint.pushed && rested <= now) return;
      const pace = this.hint.paceMs;
      // It may have become shorter.
      if (pace !== undefined && patience === 0)
        checkAt = Math.min(checkAt, Math.max(rested, now + pace));
      if (this.hint.pushed || pace === undefined || now < checkAt) {
        const next = this.hint.pushed ? rested : pace === undefined ? due : checkAt;
        await loop.sleepUntil(Math.min(due, next), this.ended);
        continue;
      }
      const touched = await this.hint.touched();
      this.#hintFailures = this.hint.paceMs === undefined ? failures + 1 : 0;
      if (touched) return;
      checkAt = clock.now() + (this.hint.paceMs ?? 0);
    }
  }

  #explain(error: unknown): RedisError | Redirection {
    const { command } = this.reader;
    const { json } = this.connection.server;
    return explainRedisError(error, { address: this.address, command, json });
  }
}
