import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import { PollSchedule } from "../poller.ts";
import { Backoff, pollBackoff, RetryLoop, sourceBackoff } from "../retry-loop.ts";
import { type Source, SourceError, type SourceSink } from "../source.ts";
import { type ChangeHint, HintLog, noHint } from "./change-hint.ts";
import {
  type Connect,
  connectRedis,
  type Deadlines,
  deadlinesFor,
  type RedisConnection,
} from "./connection.ts";
import { createRoute } from "./create-route.ts";
import { type Diagnose, diagnose, sentinelMistaken } from "./diagnosis.ts";
import { createReader, keysOf } from "./document-reader.ts";
import { HashDocument } from "./hash-reader.ts";
import { createHint } from "./pushed-hint.ts";
import {
  loadCredentials,
  loadTls,
  type RedisAddress,
  type RedisTls,
  serverName,
} from "./redis-address.ts";
import { explainRedisError, Redirection, RedisError } from "./redis-errors.ts";
import type { RedisSourceConfig } from "./redis-kind.ts";
import { parseRedisUri, type RedisUri } from "./redis-uri.ts";
import { RespClient } from "./resp-client.ts";
import { asking, connectDeadline, type Route, type Target } from "./route.ts";
import { type Polled, Session } from "./session.ts";

interface RedisSourceDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds that the server has for an answer, three times as many for a document; 10,000. */
  readonly timeoutMs?: number;
  /** How it connects and finds out why it cannot; for tests. */
  readonly connect?: Connect;
  readonly diagnose?: Diagnose;
}

/** How often the pushes and their connection are checked: a master that Sentinels may replace has to be missed soon. */
const checkMs = { usual: 10_000, sentinel: 2000 };
/**
 * A connection that lived so long is replaced at once, one that did not after a short wait. Only if so many in a row did
 * not, the waits grow: each of them worked, and what was wrong before the first one does not matter.
 */
const longLivedMs = 1000;
const maxShortLives = 5;
const reconnectBackoff = { ...sourceBackoff, firstMs: 250 };

/** Flags from a Redis or Valkey server, Sentinel or cluster. */
export class RedisSource implements Source {
  readonly name: string;
  readonly provider = "redis";
  readonly #config: RedisSourceConfig;
  readonly #uri: RedisUri;
  readonly #deadlines: Deadlines;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #connect: Connect;
  readonly #diagnose: Diagnose;
  readonly #hintLog: HintLog;
  readonly #route: Route;
  readonly #loop: RetryLoop;
  readonly #polled: Polled;
  /** Between connections that are lost soon. */
  readonly #reconnects: Backoff;
  /** How many in a row were. */
  #shortLives = 0;

  readonly #hashDocument = new HashDocument();
  /** The server of the present attempt. */
  #target: Target | undefined;
  /** The last connection was cut at the first command of the watch, as some proxies do. */
  #watchSuspect = false;
  /** Why the first server of this round has failed. */
  #first: Failure | undefined;
  /** Why a server was out of reach when last looked. */
  #diagnosis: { readonly key: string; readonly reason: string } | undefined;

  /** @throws ConfigError for a wrong URI */
  constructor(config: RedisSourceConfig, dependencies: RedisSourceDependencies) {
    const { clock, log } = dependencies;
    this.#config = config;
    this.#uri = parseRedisUri(config.uri);
    this.#deadlines = deadlinesFor(config.interval, dependencies.timeoutMs);
    this.name = config.name ?? this.#uri.name;
    this.#clock = clock;
    this.#log = log;
    this.#connect = dependencies.connect ?? connectRedis;
    this.#diagnose = dependencies.diagnose ?? diagnose;
    this.#hintLog = new HintLog(log, this.name);
    this.#route = createRoute(this.#uri, config, {
      clock,
      log,
      timeoutMs: this.#deadlines.answerTimeoutMs,
      connect: this.#connect,
      onSwitch: () => this.#loop.restart(),
    });
    this.#loop = new RetryLoop({ name: this.name, clock, backoff: pollBackoff(config) });
    this.#reconnects = new Backoff(clock, reconnectBackoff);
    this.#polled = {
      clock,
      loop: this.#loop,
      schedule: new PollSchedule(clock, config),
      route: this.#route,
      lastHash: undefined,
      pollAsked: false,
    };
  }

  resync(): void {
    this.#polled.pollAsked = true;
    this.#loop.wakeUp();
  }

  async run(sink: SourceSink, signal: AbortSignal): Promise<void> {
    try {
      await this.#loop.run((stop) => this.#attempt(sink, stop), sink, signal);
    } finally {
      this.#route.close();
    }
  }

  /** @returns when the next one is due */
  async #attempt(sink: SourceSink, signal: AbortSignal): Promise<number | undefined> {
    const began = this.#clock.now();
    this.#polled.pollAsked = false;
    const ended = await this.#connectAndPoll(sink, signal).catch((error: unknown) =>
      explainRedisError(error, { address: this.#address }),
    );
    if (signal.aborted) return undefined;
    if (ended instanceof Session) return this.#afterLoss(ended, this.#clock.now() - began);
    return this.#afterFailure(ended, sink, signal);
  }

  /** The life of one connection. Resolves when it was lost between polls, and at the abort. */
  async #connectAndPoll(sink: SourceSink, signal: AbortSignal): Promise<Session> {
    const target = await this.#route.next(signal);
    this.#target = target;
    const address = { ...target.address, ...(await loadCredentials(this.#config, this.#uri)) };
    const ended = new AbortController();
    const tls = address.tls ? await loadTls(this.#config) : undefined;
    const connection = await this.#connect({
      address,
      tls,
      ...this.#deadlines,
      ...connectDeadline(target),
      onClose: () => ended.abort(),
      signal,
    });
    const close = () => connection.close();
    signal.addEventListener("abort", close);
    try {
      if (connection.server.mode === "sentinel") {
        throw await sentinelMistaken(connection, address, this.#uri.content);
      }
      await this.#route.check(connection);
      const connected = { target, address, tls, connection, ended: ended.signal };
      return await this.#session(connected, sink, signal);
    } finally {
      signal.removeEventListener("abort", close);
      connection.close();
    }
  }

  async #session(connected: Connected, sink: SourceSink, signal: AbortSignal): Promise<Session> {
    const { target, connection: plain, ended } = connected;
    const connection = target.asking ? asking(plain) : plain;
    const hint = this.#hint({ ...connected, connection });
    // Or else it may still wait for an answer over its own connection.
    const stopHint = () => hint.close();
    ended.addEventListener("abort", stopHint);
    const { content } = this.#uri;
    const reader = createReader(connection, content, this.#hashDocument);
    const session = new Session(connection, target.address, reader, hint, this.#polled, ended);
    this.#watchSuspect = false;
    try {
      await session.run(sink, signal);
      return session;
    } catch (error) {
      this.#watchSuspect =
        error instanceof RedisError &&
        error.kind === "closed" &&
        !session.established &&
        hint !== noHint;
      throw error;
    } finally {
      ended.removeEventListener("abort", stopHint);
      hint.close();
      if (session.established) {
        this.#first = undefined;
        this.#diagnosis = undefined;
      }
    }
  }

  #hint({ connection, address, tls }: Connected): ChangeHint {
    const { watch } = this.#config;
    if (!watch || this.#watchSuspect) return noHint;
    const timeoutMs = this.#deadlines.answerTimeoutMs;
    return createHint({
      pushes: watch !== "poll",
      checkMs: this.#uri.topology === "sentinel" ? checkMs.sentinel : checkMs.usual,
      connection,
      keys: keysOf(this.#uri.content),
      endpoint: address.endpoint,
      log: this.#hintLog,
      clock: this.#clock,
      open: (on) => RespClient.open({ address, tls, timeoutMs, ...on }),
      onNews: () => this.#loop.wakeUp(),
    });
  }

  /** For the hint a new connection is needed now, otherwise for the next poll. */
  #afterLoss({ hint }: Session, livedMs: number): number {
    const nextPoll = this.#polled.schedule.next();
    if (!hint.wanted) return nextPoll;
    const now = this.#clock.now();
    if (livedMs >= longLivedMs) {
      this.#shortLives = 0;
      return now;
    }
    if (++this.#shortLives <= maxShortLives) this.#reconnects.reset();
    return Math.min(nextPoll, now + this.#reconnects.next());
  }

  /** Follows where the failure leads, tries the other servers, and otherwise says what is wrong. */
  async #afterFailure(
    problem: RedisError | Redirection,
    sink: SourceSink,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    if (problem instanceof Redirection && this.#route.redirected(problem)) {
      this.#log.debug("the key is on another node of the cluster", { node: problem.node });
      return this.#clock.now();
    }
    const present = {
      problem: problem instanceof Redirection ? problem.withoutEnd() : problem,
      address: this.#address,
    };
    const atStart = !this.#loop.reached && !sink.serving;
    const permanent = present.problem.kind === "permanent" && atStart;
    const first = permanent ? present : (this.#first ?? present);
    this.#first = first;
    if (!permanent && this.#route.failed(problem)) return this.#clock.now();
    this.#first = undefined;
    const { failoverWaitMs } = this.#route;
    const reason = await this.#reason(first, signal);
    if (signal.aborted) return undefined;
    if (failoverWaitMs === undefined || permanent) {
      throw new SourceError(reason, { retryable: first.problem.kind !== "permanent" });
    }
    sink.failed(reason);
    return this.#clock.now() + failoverWaitMs;
  }

  /** Found out once for a server that stays away: it takes time that a failover does not leave. */
  async #reason({ problem, address }: Failure, signal: AbortSignal): Promise<string> {
    if (problem.kind !== "closed" && problem.kind !== "timeout") return problem.message;
    const key = `${problem.kind} ${serverName(address)}`;
    if (this.#diagnosis?.key === key && this.#route.many) return this.#diagnosis.reason;
    const known = this.#loop.reached;
    const reason = await this.#diagnose(address, problem, { known, signal });
    this.#diagnosis = { key, reason };
    return reason;
  }

  get #address(): RedisAddress {
    return this.#target?.address ?? { ...this.#uri, endpoint: this.#uri.endpoints[0] };
  }
}

interface Failure {
  readonly problem: RedisError;
  readonly address: RedisAddress;
}

interface Connected {
  readonly target: Target;
  /** With what was read from files for it. */
  readonly address: RedisAddress;
  readonly tls: RedisTls | undefined;
  readonly connection: RedisConnection;
  /** Aborts when the connection is lost or closed. */
  readonly ended: AbortSignal;
}
