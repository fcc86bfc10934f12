import type { Log } from "../../telemetry/log.ts";
import { Backoff } from "../backoff.ts";
import type { Clock } from "../clock.ts";
import { PollSchedule } from "../poll-schedule.ts";
import { FatalSourceError, type Source, type SourceSink } from "../source.ts";
import { RedisConnection, type RedisTls } from "./connection.ts";
import { DocumentFetcher, type Fetched } from "./fetch.ts";
import { fingerprint } from "./fingerprint.ts";
import { explain, RedisTrouble } from "./trouble.ts";
import { parseRedisUri, type RedisUri } from "./uri.ts";
import { KeyWatch } from "./watch.ts";

export interface RedisSourceOptions extends RedisTls {
  readonly uri: string;
  readonly intervalSeconds: number;
  /** Fixes when in the interval it polls; default: random. */
  readonly intervalSeed?: string;
  /** Look for a hint of a change between polls. */
  readonly watch: boolean;
}

/** A change shows within this and a fetch; the question costs Redis and us some 0.1 % of a core. */
const hintMs = 50;

const mostRedirects = 5;

/**
 * Flags from one key of a Redis server, polled. What arrives decides by its SHA3-256 whether anything
 * changed.
 */
export class RedisSource implements Source {
  readonly provider = "redis";
  readonly name: string;
  readonly #uri: RedisUri;
  readonly #options: RedisSourceOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #schedule: PollSchedule;
  readonly #backoff: Backoff;
  /** Of the last document handed over, accepted or not. */
  #fingerprint: string | undefined;
  /** Redis answered a fetch once: from then on nothing is fatal. */
  #reached = false;
  #wake: (() => void) | undefined;
  #resyncWanted = false;

  /** @throws ConfigError for a malformed URI */
  constructor(options: RedisSourceOptions, { clock, log }: { clock: Clock; log: Log }) {
    this.#uri = parseRedisUri(options.uri);
    this.name = this.#uri.name;
    this.#options = options;
    this.#clock = clock;
    this.#log = log.with({ source: this.name });
    this.#schedule = new PollSchedule(clock, {
      intervalSeconds: options.intervalSeconds,
      seed: options.intervalSeed,
    });
    const maxMs = Math.min(60_000, options.intervalSeconds * 1000);
    this.#backoff = new Backoff(clock, { firstMs: 1000, maxMs });
  }

  async run(sink: SourceSink, signal: AbortSignal): Promise<void> {
    let connection: RedisConnection | undefined;
    const abort = () => {
      connection?.close();
      this.#wake?.();
    };
    signal.addEventListener("abort", abort);
    let at = this.#uri;
    let redirects = 0;
    try {
      while (!signal.aborted) {
        this.#resyncWanted = false;
        try {
          connection = await RedisConnection.open(at, this.#options, signal);
          if (signal.aborted) return;
          const moved = await this.#serve(connection, sink, signal);
          if (signal.aborted || !moved) return;
          if (++redirects > mostRedirects)
            throw new RedisTrouble("the cluster sends us in circles", false);
          at = { ...at, endpoint: { host: moved.host || host(at), port: moved.port } };
        } catch (error) {
          if (signal.aborted) return;
          const trouble = await explain(error, at);
          if (trouble.permanent && !this.#reached) {
            throw new FatalSourceError(`Redis source ${this.name}: ${trouble.message}`);
          }
          sink.failed(trouble.message);
          at = this.#uri;
          redirects = 0;
          await this.#pause(this.#backoff.next(), signal);
        } finally {
          connection?.close();
        }
      }
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  resync(): void {
    this.#resyncWanted = true;
    this.#wake?.();
  }

  /** Polls over one connection until it breaks (throws), `signal` aborts, or the key turns out to be elsewhere. */
  async #serve(
    connection: RedisConnection,
    sink: SourceSink,
    signal: AbortSignal,
  ): Promise<Extract<Fetched, { kind: "moved" }> | undefined> {
    connection.onLost = () => this.#wake?.();
    const fetcher = new DocumentFetcher(connection, this.#uri.key);
    const watch = this.#options.watch
      ? new KeyWatch(connection, this.#uri.key, this.#log)
      : undefined;
    while (!signal.aborted) {
      this.#resyncWanted = false;
      await watch?.arm();
      const fetched = await fetcher.fetch();
      if (fetched.kind === "moved") return fetched;
      this.#reached = true;
      this.#backoff.reset();
      await this.#deliver(fetched, sink);
      await this.#untilNext(connection, watch, signal);
    }
    return undefined;
  }

  async #deliver(fetched: Exclude<Fetched, { kind: "moved" }>, sink: SourceSink): Promise<void> {
    const { key } = this.#uri;
    if (fetched.kind === "missing") return sink.failed(`there is no key "${key}"`);
    if (fetched.kind === "wrong type") {
      return sink.failed(`key "${key}" holds neither a string nor JSON`);
    }
    const print = await fingerprint(fetched.document);
    if (print === this.#fingerprint) return sink.unchanged();
    this.#fingerprint = print;
    await sink.accept({
      document: fetched.document,
      format: "any",
      origin: `key "${key}" (${fetched.kind})`,
    });
  }

  /**
   * Resolves when it is time to fetch: by the interval, by a hint, or on demand.
   * @throws why the connection was lost
   */
  async #untilNext(
    connection: RedisConnection,
    watch: KeyWatch | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const due = this.#schedule.next();
    while (!signal.aborted && !this.#resyncWanted) {
      if (connection.failure) throw connection.failure;
      const left = due - this.#clock.now();
      if (left <= 0) return;
      await this.#pause(watch?.works ? Math.min(hintMs, left) : left, signal);
      if (!signal.aborted && (await watch?.touched())) return;
    }
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#resyncWanted) return;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await this.#clock.sleep(ms, woken.signal);
    this.#wake = undefined;
  }
}

function host(uri: RedisUri): string {
  return "host" in uri.endpoint ? uri.endpoint.host : "localhost";
}
