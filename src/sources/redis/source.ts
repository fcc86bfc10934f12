import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import { pollBackoff } from "../backoff.ts";
import { contentHash } from "../content-hash.ts";
import { PollSchedule } from "../poll-schedule.ts";
import { RetryLoop } from "../retry-loop.ts";
import type { Source, SourceSink } from "../source.ts";
import { SourceError } from "../source-error.ts";
import { type Connect, connectRedis, type RedisConnection } from "./connection.ts";
import { type Deadlines, deadlinesFor } from "./deadlines.ts";
import { type Diagnose, diagnose } from "./diagnosis.ts";
import { explain } from "./explain.ts";
import { RedisFault, RedisMoved } from "./fault.ts";
import { FetchSaving } from "./fetch-saving.ts";
import { DocumentReader } from "./reader.ts";
import type { RedisSourceConfig } from "./redis-kind.ts";
import { Route } from "./route.ts";
import { loadTls } from "./tls.ts";
import { parseRedisUri, type RedisUri } from "./uri.ts";
import { KeyWatch } from "./watch.ts";

export interface RedisSourceDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds that the server has for an answer, three times as many for a document; 10,000. */
  readonly timeoutMs?: number;
  /** How it connects and finds out why it cannot; for tests. */
  readonly connect?: Connect;
  readonly diagnose?: Diagnose;
}

/** Changes are seen within 100 ms, at half a percent of a CPU or less. */
const watchMs = 50;
/** A document that changes all the time is fetched for at most a third of the time. */
const watchRest = 2;

/** Flags from one key of a Redis or Valkey server, a string or a RedisJSON document. */
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
  readonly #route: Route;
  readonly #schedule: PollSchedule;
  readonly #loop: RetryLoop;

  /** Of the document last delivered, accepted or not. */
  #lastHash: string | undefined;
  /** The last connection was cut at the first command of the watch, as some proxies do. */
  #watchSuspect = false;
  #watchRefusalSaid = false;
  #resyncAsked = false;

  /** @throws ConfigError for a wrong URI */
  constructor(config: RedisSourceConfig, dependencies: RedisSourceDependencies) {
    const { clock, log } = dependencies;
    this.#config = config;
    this.#uri = parseRedisUri(config.uri);
    this.#deadlines = deadlinesFor(config.interval, dependencies.timeoutMs);
    this.name = config.name ?? this.#uri.name;
    this.#route = new Route(this.#uri.address);
    this.#clock = clock;
    this.#log = log;
    this.#connect = dependencies.connect ?? connectRedis;
    this.#diagnose = dependencies.diagnose ?? diagnose;
    this.#schedule = new PollSchedule(clock, config);
    this.#loop = new RetryLoop({ name: this.name, clock, backoff: pollBackoff(config) });
  }

  resync(): void {
    this.#resyncAsked = true;
    this.#loop.wakeUp();
  }

  async run(sink: SourceSink, signal: AbortSignal): Promise<void> {
    await this.#loop.run((stop) => this.#attempt(sink, stop), sink, signal);
  }

  async #attempt(sink: SourceSink, signal: AbortSignal): Promise<number | undefined> {
    this.#resyncAsked = false;
    try {
      await this.#session(sink, signal);
      return undefined;
    } catch (failure) {
      if (signal.aborted) return undefined;
      if (failure instanceof RedisMoved && this.#route.follow(failure)) {
        this.#log.debug("the key is on another node of the cluster", { node: failure.place });
        return this.#clock.now();
      }
      throw await this.#diagnosed(failure, signal);
    }
  }

  /** The life of one connection. Rejects when it fails, resolves at the abort only. */
  async #session(sink: SourceSink, signal: AbortSignal): Promise<void> {
    const { key, address } = this.#uri;
    const ended = new AbortController();
    const connection = await this.#connect({
      address: this.#route.address,
      tls: address.tls ? await loadTls(this.#config) : undefined,
      ...this.#deadlines,
      onClose: () => ended.abort(),
      signal,
    });
    const close = () => connection.close();
    signal.addEventListener("abort", close);
    try {
      const reader = new DocumentReader(connection, key);
      const watched = this.#config.watch && !this.#watchSuspect;
      const keyWatch = watched ? new KeyWatch(connection, key) : undefined;
      const saving = new FetchSaving();
      this.#watchSuspect = false;
      while (!signal.aborted) {
        const began = this.#clock.now();
        await this.#poll({ connection, reader, keyWatch, saving }, sink);
        await this.#rest({ connection, keyWatch }, this.#clock.now() - began, ended.signal);
      }
    } finally {
      signal.removeEventListener("abort", close);
      connection.close();
    }
  }

  /**
   * One read, in one round trip with the watch for what comes after it. None where nobody asked for it
   * and the watch is known to be right in that nothing has changed.
   */
  async #poll({ connection, reader, keyWatch, saving }: Session, sink: SourceSink): Promise<void> {
    const asked = this.#resyncAsked;
    this.#resyncAsked = false;
    const hint = await keyWatch?.hint();
    if (!asked && saving.saves(hint)) return sink.unchanged();
    const armed = keyWatch?.arm();
    const reading = await reader.read().catch((error: unknown) => {
      const fault = explain(error, this.#route.address);
      // The connection is well, only this content is of no use: that is no reason to leave it.
      if (fault instanceof RedisFault && fault.kind === "passing" && !connection.closed) {
        return fault;
      }
      this.#watchSuspect = cutByProxy(fault, keyWatch);
      throw fault;
    });
    if (armed && !(await armed) && !connection.closed) this.#sayWatchRefused();
    this.#loop.markWorking();
    this.#route.arrived();

    saving.failed();
    const key = JSON.stringify(this.#uri.key);
    if (reading instanceof RedisFault) return sink.failed(reading.message);
    if (reading === undefined) return sink.failed(`the key ${key} does not exist in the database`);
    if (reading.content.length === 0) return sink.failed(`the key ${key} is empty`);
    const hash = await contentHash(reading.content);
    const changed = hash !== this.#lastHash;
    saving.fetched(hint, { bytes: reading.content.length, changed });
    if (!changed) return sink.unchanged();
    this.#lastHash = hash;
    await sink.accept({
      document: reading.content,
      hash,
      format: reading.type === "JSON" ? "json" : "any",
      origin: `Redis ${reading.type} ${key}`,
    });
  }

  /** Until the next poll is due, the key was touched, a resync is asked for, or the connection is lost. */
  async #rest(
    { connection, keyWatch }: Pick<Session, "connection" | "keyWatch">,
    pollMs: number,
    ended: AbortSignal,
  ): Promise<void> {
    const due = this.#schedule.next();
    let pause = Math.max(watchMs, pollMs * watchRest);
    for (;;) {
      if (connection.closed) throw new RedisFault("connection closed", "closed");
      const now = this.#clock.now();
      if (due <= now || this.#resyncAsked) return;
      await this.#loop.sleepUntil(keyWatch?.works ? Math.min(due, now + pause) : due, ended);
      pause = watchMs;
      if (keyWatch?.works && !connection.closed && (await keyWatch.touched())) return;
    }
  }

  async #diagnosed(failure: unknown, signal: AbortSignal): Promise<SourceError> {
    const fault = explain(failure, this.#route.address);
    const unreachable =
      fault instanceof RedisFault && (fault.kind === "closed" || fault.kind === "silent");
    const reason = unreachable
      ? await this.#diagnose(this.#route.address, fault, { known: this.#loop.reached, signal })
      : fault instanceof RedisMoved
        ? `the cluster redirects too often, the last time to ${fault.place}`
        : fault.message;
    this.#route.restart();
    return new SourceError(reason, {
      retryable: !(fault instanceof RedisFault && fault.kind === "hopeless"),
    });
  }

  #sayWatchRefused(): void {
    if (this.#watchRefusalSaid) return;
    this.#watchRefusalSaid = true;
    this.#log.info(
      "the server does not permit WATCH and CLIENT INFO: changes are detected only by polling",
    );
  }
}

/** What lasts as long as one connection. */
interface Session {
  readonly connection: RedisConnection;
  readonly reader: DocumentReader;
  readonly keyWatch: KeyWatch | undefined;
  readonly saving: FetchSaving;
}

function cutByProxy(fault: RedisFault | RedisMoved, keyWatch: KeyWatch | undefined): boolean {
  return (
    fault instanceof RedisFault &&
    fault.kind === "closed" &&
    keyWatch !== undefined &&
    !keyWatch.works
  );
}
