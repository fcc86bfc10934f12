import { inWordsOfUser, type SettingNames } from "../config/setting-names.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { ConfigError, messageOf } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { Log } from "../core/log.ts";
import { inSlices } from "../core/turns.ts";
import type { FractionalVersion } from "../evaluation/operators/fractional/fractional.ts";
import { prepareFlag } from "../evaluation/prepare.ts";
import type { Severity } from "../evaluation/rule/expression.ts";
import { SharedRules } from "../evaluation/rule/shared-rule.ts";
import type { ContextSource } from "../services/context-additions.ts";
import { Readiness } from "../services/management/readiness.ts";
import { Intake, type LoadTrace } from "../sources/intake.ts";
import { LastGoodFile, useStateDir } from "../sources/last-good-file.ts";
import {
  isPermanent,
  type Payload,
  type ReadPayload,
  type Source,
  SourceError,
} from "../sources/source.ts";
import { SourceStatus } from "../sources/source-status.ts";
import { createSource, type SourceConfig } from "../sources/source-table.ts";
import { MovingSource } from "../sources/thread/moving-source.ts";
import { ThreadSource } from "../sources/thread/thread-source.ts";
import { History } from "../store/history.ts";
import { Store } from "../store/store.ts";
import { type OnceAMinuteOptions, onceAMinute } from "../telemetry/log/once-a-minute.ts";
import { Restarts } from "./restarts.ts";

/** What a pipeline is made of. */
export interface FlagPipelineOptions {
  /** A later source has priority over an earlier one. */
  readonly sources: readonly SourceConfig[];
  /** Reject documents that violate the schema in any way. */
  readonly strict: boolean;
  /** Where the last good flags are kept; undefined: nowhere. */
  readonly stateDir?: string | undefined;
  readonly contextValues: JsonObject;
  /** Default: v2. */
  readonly fractional?: FractionalVersion;
  readonly log: Log;
  /** What the users call the settings of each source, by its position. */
  readonly settingNames?: readonly (SettingNames | undefined)[];
  readonly clock?: Clock;
  /** Makes the source of a configuration. Default: the real one. */
  readonly create?: (...args: Parameters<typeof createSource>) => Source | Promise<Source>;
  /** Called when flags of a source were accepted or restored, with its position and all of its flags. */
  readonly onAccepted?: (source: number, payload: Payload | ReadPayload) => void;
  /** Undefined: what arrives is not traced. */
  readonly traceLoad?: LoadTrace | undefined;
}

/** How long after it, or its thread, ended unexpectedly a source is started again. */
const restartMs = 5_000;

/** The way of flags from the sources to the store, the same for both commands. */
export class FlagPipeline {
  readonly store: Store;
  /** The last changes. */
  readonly history = new History();
  readonly readiness: Readiness;
  readonly context: SyncContext;
  readonly statuses: readonly SourceStatus[];
  readonly #sources: readonly Source[];
  readonly #options: FlagPipelineOptions;
  readonly #clock: Clock;
  readonly #log: Log;

  /** @throws ConfigError for a source that cannot be made */
  static async create(options: FlagPipelineOptions): Promise<FlagPipeline> {
    const { clock = systemClock, strict } = options;
    const log = options.log.with({ component: "sync" });
    const create =
      options.create ??
      (async (config: SourceConfig) => {
        const make = () => createSource(config, { clock, log });
        const here = await make();
        const { name, provider } = here;
        const task = { config, strict, debugging: log.debugging };
        return new MovingSource(here, new ThreadSource({ name, provider, task, log }), make, log);
      });
    const sources = options.sources.map(async (source, index) => {
      try {
        return await create(source, { clock, log });
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        throw new ConfigError(inWordsOfUser(error.message, options.settingNames?.[index]));
      }
    });
    const made = await Promise.all(sources);
    return new FlagPipeline(options, made, await lastGoodFiles(made, options));
  }

  private constructor(
    options: FlagPipelineOptions,
    sources: readonly Source[],
    /** By the position of their source; empty: nothing is kept. */
    private readonly lastGood: readonly LastGoodFile[],
  ) {
    const { clock = systemClock, fractional = "v2", log } = options;
    this.#options = options;
    this.#clock = clock;
    this.#log = log.with({ component: "sync" });
    this.#sources = sources;
    const names = sources.map(({ name }) => name);
    const report = reportTo(log.with({ component: "evaluator" }));
    const rules = new SharedRules();
    const environment = { now: Date.now, fractional, report, rules };
    this.store = new Store(names, {
      prepare: (definition) => prepareFlag(definition, environment),
      history: this.history,
      onListenerError: (error) =>
        log.error("a listener for flag changes failed", { error: `${error}` }),
    });
    this.statuses = this.#sources.map(({ name, provider }) => new SourceStatus(name, provider));
    this.readiness = new Readiness(this.statuses);
    this.context = new SyncContext(names, options.contextValues);
  }

  /**
   * Keeps the store up to date until `signal` aborts.
   * @throws SourceError, a permanent one, if a source cannot work as it is configured
   */
  async run(signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const stop = AbortSignal.any([signal, ended.signal]);
    const running = this.#sources.map((source, index) => this.#keepRunning(source, index, stop));
    try {
      await Promise.all(running);
    } finally {
      ended.abort();
      await Promise.allSettled(running);
      await Promise.all(this.lastGood.map((file) => file.flush()));
    }
  }

  /** In order of priority. */
  get sources(): readonly { readonly name: string; readonly provider: string }[] {
    return this.#sources.map(({ name, provider }) => ({ name, provider }));
  }

  /** Makes every source look for changes now. */
  resync(): void {
    for (const source of this.#sources) source.resync();
  }

  async #keepRunning(source: Source, index: number, signal: AbortSignal): Promise<void> {
    const status = this.statuses[index];
    if (!status) throw new RangeError("every source has a status");
    const { strict, traceLoad, onAccepted, settingNames } = this.#options;
    const reword = (message: string) => inWordsOfUser(message, settingNames?.[index]);
    const file = this.lastGood[index];
    const sink = new Intake(source, {
      store: this.store,
      status,
      strict,
      trace: traceLoad,
      log: this.#log,
      reword,
      onAccepted: async (payload) => {
        if (onAccepted === undefined && file === undefined) return;
        const whole = payload.incremental ? await this.#whole(source.name, payload) : payload;
        onAccepted?.(index, whole);
        file?.save(whole);
      },
      onRestored: async (payload) => onAccepted?.(index, payload),
      onContext: (context) => this.context.set(source.name, context),
    });
    const saved = await file?.read();
    if (saved) await sink.restore(saved.payload, saved.savedAt);
    const restarts = new Restarts(restartMs);
    while (!signal.aborted) {
      const began = this.#clock.now();
      try {
        await source.run(sink, signal);
        if (signal.aborted) return;
        sink.failed("the source stopped unexpectedly");
      } catch (error) {
        // One that was restarted may not know that it has delivered before.
        if (isPermanent(error) && !status.delivered) {
          throw new SourceError(reword(messageOf(error)), { retryable: false });
        }
        const known = error instanceof SourceError;
        sink.failed(known ? error.message : `the source failed unexpectedly: ${error}`);
      }
      await this.#clock.sleep(restarts.wait(this.#clock.now() - began), signal);
    }
  }

  /** What a source has delivered up to a payload that says only what has changed. */
  async #whole(source: string, { context }: Payload | ReadPayload): Promise<ReadPayload> {
    const flagSet = await inSlices(this.store.packing(source));
    const bytes = flagSet.bytes.length;
    return { reading: { ok: true, flagSet }, bytes, ...(context && { context }) };
  }
}

/**
 * One file for each source.
 * @throws ConfigError if the directory cannot be used
 */
async function lastGoodFiles(
  sources: readonly Source[],
  { stateDir, log }: FlagPipelineOptions,
): Promise<readonly LastGoodFile[]> {
  if (stateDir === undefined) return [];
  await useStateDir(stateDir);
  const own = log.with({ component: "state" });
  const seen = new Map<string, number>();
  return sources.map((source) => {
    const name = `${source.provider} ${source.name}`;
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    return new LastGoodFile(stateDir, source, `${name} ${before}`, own);
  });
}

/**
 * Logs what evaluations could not use, each thing once a minute; what clients left out once a minute for
 * each flag; and at level debug all of it.
 */
export function reportTo(log: Log, options?: OnceAMinuteOptions) {
  const allow = onceAMinute(options);
  return (level: Severity, flagKey: string, message: string): void => {
    const fields = { "flag-key": flagKey };
    const seldom = level === "info" ? `info ${flagKey}` : `${flagKey} ${message}`;
    if (level !== "debug" && allow(seldom)) log[level](message, fields);
    else if (log.debugging) log.debug(message, fields);
  };
}

/**
 * The evaluation context that is added to every evaluation and passed on to sync clients: that of
 * upstream daemons, the later source over the earlier one, and the operator's own over them all.
 */
export class SyncContext implements ContextSource {
  readonly #upstream: Map<string, JsonObject>;
  readonly #own: JsonObject;
  readonly #listeners: (() => void)[] = [];
  #current: JsonObject;

  /** @param sources names in order of priority */
  constructor(sources: readonly string[], own: JsonObject) {
    this.#upstream = new Map(sources.map((source) => [source, {}]));
    this.#own = own;
    this.#current = own;
  }

  get current(): JsonObject {
    return this.#current;
  }

  subscribe(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** What `source` said last. */
  set(source: string, context: JsonObject): void {
    this.#upstream.set(source, context);
    const merged: Record<string, Json> = Object.assign({}, ...this.#upstream.values(), this.#own);
    if (Bun.deepEquals(merged, this.#current)) return;
    this.#current = merged;
    for (const listener of this.#listeners) listener();
  }
}
