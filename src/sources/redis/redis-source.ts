import type { RedisSourceConfig } from "../../config/sources/source-config.ts";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import { Backoff, pollBackoff, sourceWaits } from "../backoff.ts";
import { PollSchedule } from "../poll-schedule.ts";
import { FatalSourceError, type Source, type SourceSink } from "../source.ts";
import { type ChangeHint, noHint } from "./change-hint.ts";
import { asking, type Connect, connectRedis, type RedisConnection } from "./connection.ts";
import { createReader, keysOf } from "./create-reader.ts";
import { createRoute } from "./create-route.ts";
import { loadCredentials } from "./credentials.ts";
import { type Deadlines, deadlinesFor } from "./deadlines.ts";
import { type Diagnose, diagnose } from "./diagnosis.ts";
import { explain } from "./explain.ts";
import { HashDocument } from "./hash-document.ts";
import { HintLog } from "./hint-log.ts";
import { KeyWatch } from "./key-watch.ts";
import type { RedisAddress } from "./redis-address.ts";
import { Redirection, RedisError } from "./redis-error.ts";
import { loadTls } from "./redis-tls.ts";
import { parseRedisUri, type RedisUri } from "./redis-uri.ts";
import type { Route, Target } from "./route.ts";
import { sentinelMistaken } from "./sentinel-mistaken.ts";
import { type Polled, Session } from "./session.ts";
import { WakeUp } from "./wake-up.ts";

export interface RedisSourceDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds that the server has for an answer, three times as many for a document; 10,000. */
  readonly timeoutMs?: number;
  /** How it connects and finds out why it cannot; for tests. */
  readonly connect?: Connect;
  readonly diagnose?: Diagnose;
}

/** A server that was out of reach before keeps others waiting no longer than this. */
const hastyMs = 1000;
/** A connection that lived so long is replaced at once; one that did not, after growing waits. */
const longLivedMs = 10_000;

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
  readonly #wakeUp: WakeUp;
  readonly #polled: Polled;
  /** Between connections that are lost soon. */
  readonly #reconnects: Backoff;

  readonly #hashDocument = new HashDocument();
  #connection: RedisConnection | undefined;
  /** The server of the present attempt. */
  #target: Target | undefined;
  /** The last connection was cut at the first command of the watch, as some proxies do. */
  #watchSuspect = false;
  /** Why the first server of this round has failed. */
  #first: { readonly problem: RedisError; readonly address: RedisAddress } | undefined;

  /** @throws ConfigError for a wrong URI */
  constructor(config: RedisSourceConfig, dependencies: RedisSourceDependencies) {
    const { clock, log } = dependencies;
    this.#config = config;
    this.#uri = parseRedisUri(config.uri);
    this.#deadlines = deadlinesFor(config.intervalSeconds, dependencies.timeoutMs);
    this.name = this.#uri.name;
    this.#clock = clock;
    this.#log = log;
    this.#connect = dependencies.connect ?? connectRedis;
    this.#diagnose = dependencies.diagnose ?? diagnose;
    this.#hintLog = new HintLog(log, this.name);
    this.#route = createRoute(this.#uri, config, {
      clock,
      log,
      timeoutMs: this.#deadlines.answerTimeoutMs,
      onSwitch: () => this.#connection?.close(),
    });
    this.#wakeUp = new WakeUp(clock);
    this.#reconnects = new Backoff(clock, sourceWaits);
    this.#polled = {
      clock,
      wakeUp: this.#wakeUp,
      schedule: new PollSchedule(clock, config),
      backoff: pollBackoff(clock, config),
      route: this.#route,
      lastHash: undefined,
      reached: false,
    };
  }

  resync(): void {
    this.#wakeUp.askForPoll();
  }

  async run(sink: SourceSink, signal: AbortSignal): Promise<void> {
    const wake = () => this.#wakeUp.wake();
    signal.addEventListener("abort", wake);
    try {
      while (!signal.aborted) {
        const began = this.#clock.now();
        this.#wakeUp.takePollAsked();
        const ended = await this.#connectAndPoll(sink, signal).catch((error: unknown) =>
          explain(error, { address: this.#address }),
        );
        if (signal.aborted) return;
        if (ended instanceof Session) await this.#pause(ended, this.#clock.now() - began, signal);
        else await this.#recover(ended, began, sink, signal);
      }
    } finally {
      signal.removeEventListener("abort", wake);
      this.#route.close();
    }
  }

  /** The life of one connection. Resolves when it was lost between polls, and at the abort. */
  async #connectAndPoll(sink: SourceSink, signal: AbortSignal): Promise<Session> {
    const target = await this.#route.next(signal);
    this.#target = target;
    const address = { ...target.address, ...(await loadCredentials(this.#config, this.#uri)) };
    const { answerTimeoutMs } = this.#deadlines;
    const connection = await this.#connect({
      address,
      tls: address.tls ? await loadTls(this.#config) : undefined,
      ...this.#deadlines,
      answerTimeoutMs: target.hasty ? Math.min(answerTimeoutMs, hastyMs) : answerTimeoutMs,
      onClose: () => this.#wakeUp.wake(),
      signal,
    });
    this.#connection = connection;
    const close = () => connection.close();
    signal.addEventListener("abort", close);
    try {
      if (connection.server.mode === "sentinel") {
        throw await sentinelMistaken(connection, address, this.#uri.content);
      }
      await this.#route.check(connection);
      return await this.#session(target, connection, sink, signal);
    } finally {
      signal.removeEventListener("abort", close);
      connection.close();
    }
  }

  async #session(
    target: Target,
    plain: RedisConnection,
    sink: SourceSink,
    signal: AbortSignal,
  ): Promise<Session> {
    const connection = target.asking ? asking(plain) : plain;
    const hint = this.#hint(connection, target.address);
    const { content } = this.#uri;
    const reader = createReader(connection, content, this.#hashDocument);
    const session = new Session(connection, target.address, reader, hint, this.#polled);
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
      if (session.established) this.#first = undefined;
    }
  }

  #hint(connection: RedisConnection, { endpoint }: RedisAddress): ChangeHint {
    if (!this.#config.watch || this.#watchSuspect) return noHint;
    return new KeyWatch(connection, keysOf(this.#uri.content), endpoint, this.#hintLog);
  }

  /** After a connection was lost that had been good: for the hint one is needed now, otherwise for the next poll. */
  async #pause({ hint }: Session, livedMs: number, signal: AbortSignal): Promise<void> {
    if (livedMs >= longLivedMs) this.#reconnects.reset();
    const untilPoll = this.#polled.schedule.next() - this.#clock.now();
    const now = livedMs >= longLivedMs ? 0 : Math.min(untilPoll, this.#reconnects.next());
    await this.#wakeUp.sleep(hint === noHint ? untilPoll : now, signal);
  }

  /** After an attempt that failed: follows where it leads, or waits for the next one. */
  async #recover(
    problem: RedisError | Redirection,
    began: number,
    sink: SourceSink,
    signal: AbortSignal,
  ): Promise<void> {
    if (problem instanceof Redirection && this.#route.redirected(problem)) {
      this.#log.debug("the key is on another node of the cluster", { node: problem.node });
      return;
    }
    const address = this.#address;
    this.#first ??= { problem: inWords(problem), address };
    const fatal =
      problem instanceof RedisError && problem.kind === "permanent" && !this.#polled.reached;
    if (!fatal && this.#route.failed(problem)) return;
    const first = fatal ? { problem, address } : this.#first;
    this.#first = undefined;
    const reason = await this.#reason(first.problem, first.address, signal);
    if (signal.aborted) return;
    if (fatal) throw new FatalSourceError(`Redis source ${this.name}: ${reason}`);
    sink.failed(reason);
    // Attempts are so far apart from start to start: one that hangs does not delay the next.
    const wait = Math.min(this.#polled.backoff.next(), this.#route.maxWaitMs);
    await this.#wakeUp.sleep(wait - (this.#clock.now() - began), signal);
  }

  async #reason(problem: RedisError, address: RedisAddress, signal: AbortSignal): Promise<string> {
    if (problem.kind !== "closed" && problem.kind !== "timeout") return problem.message;
    return this.#diagnose(address, problem, { known: this.#polled.reached, signal });
  }

  get #address(): RedisAddress {
    return this.#target?.address ?? { ...this.#uri, endpoint: this.#uri.endpoints[0] };
  }
}

function inWords(problem: RedisError | Redirection): RedisError {
  if (problem instanceof RedisError) return problem;
  return new RedisError(
    `the cluster redirects too often, the last time to ${problem.node}`,
    "retryable",
  );
}
