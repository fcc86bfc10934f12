import type { JsonObject } from "../core/json.ts";
import type { Log } from "../core/log.ts";
import { inSlices } from "../core/turns.ts";
import { checkTargeting } from "../evaluation/rule/check.ts";
import { CheckedFlags } from "../flags/checked-flags.ts";
import { parseDocument } from "../flags/document.ts";
import type { Problem } from "../flags/model.ts";
import { describeChange, type FlagChange } from "../store/diff.ts";
import type { LayerChange } from "../store/layer.ts";
import type { Store } from "../store/store.ts";
import type { Payload, ReadPayload, Source, SourceSink } from "./source.ts";
import type { SourceStatus } from "./source-status.ts";

/**
 * Traces each document that a source delivers. What is returned ends the trace; it is called once.
 * @param source its name
 */
export type LoadTrace = (source: string) => LoadEnd;

/** @param problem why the document was rejected; undefined: it was accepted */
type LoadEnd = (problem: string | undefined) => void;

interface IntakeOptions {
  readonly store: Store;
  readonly status: SourceStatus;
  /** Reject documents that break the schema even if they could be loaded. */
  readonly strict: boolean;
  readonly log: Log;
  /** Undefined: what arrives is not traced. */
  readonly trace?: LoadTrace | undefined;
  /** A payload was accepted and is in the store. The next one is taken after this. */
  readonly onAccepted?: (payload: Payload | ReadPayload) => Promise<void>;
  /** The same for flags of an earlier run. */
  readonly onRestored?: (payload: Payload) => Promise<void>;
  /** Puts a message of the source into the words of whoever configured it. */
  readonly reword?: (message: string) => string;
  /** The evaluation context that the source's payload brought along. */
  readonly onContext?: (context: JsonObject) => void;
}

/** Problems of one document, or changes, that are written out in the log. */
const maxShown = 10;

/** What a source delivers to: parses, stores, and tells the operator what became of it. */
export class Intake implements SourceSink {
  readonly #source: string;
  readonly #options: IntakeOptions;
  readonly #log: Log;
  readonly #checked = new CheckedFlags();

  constructor(source: Pick<Source, "name" | "provider">, options: IntakeOptions) {
    this.#source = source.name;
    this.#options = options;
    this.#log = options.log.with({ source: source.name, provider: source.provider });
  }

  get serving(): boolean {
    return this.#options.status.delivered;
  }

  accept(payload: Payload): Promise<boolean> {
    return this.#taking(payload, () => this.#read(payload));
  }

  /**
   * Takes the flags that an earlier run has saved, which the source replaces with its first answer.
   * @param savedAt milliseconds since 1970
   */
  async restore(payload: Payload, savedAt: number): Promise<void> {
    const { store, status, onContext, onRestored } = this.#options;
    const { document, format, hash, context } = payload;
    const parsed = parseDocument(document, { format, strict: false, checkTargeting });
    if (!parsed.ok) {
      return this.#log.warn(`saved flags are not used: ${list(parsed.problems)}`);
    }
    store.accept(this.#source, parsed.flagSet, {});
    if (context) onContext?.(context);
    status.restored(document.length, hash, savedAt);
    const from = new Date(savedAt).toISOString();
    this.#log.info(`flags restored, as they were saved at ${from}`, {
      flags: parsed.flagSet.flags.length,
    });
    await onRestored?.(payload);
  }

  /** Takes a document that another thread has read, in slices: it is large. */
  take(payload: ReadPayload): Promise<boolean> {
    return this.#taking(payload, () => this.#take(payload));
  }

  async #taking(payload: Payload | ReadPayload, load: () => Promise<boolean>): Promise<boolean> {
    const { trace, status } = this.#options;
    const end = trace?.(this.#source);
    // A source that comes again with the same document says that it is unchanged: it must not seem taken.
    const accepted = await load().catch((error: unknown) =>
      this.#rejected(payload, [{ path: "$", reason: `unexpected ${error}` }]),
    );
    end?.(accepted ? undefined : (status.reason ?? ""));
    return accepted;
  }

  async #read(payload: Payload): Promise<boolean> {
    const { store, strict } = this.#options;
    const { document, format } = payload;
    const { problems = [] } = payload;
    if (strict && problems.length > 0) return this.#rejected(payload, problems);
    const inform = this.#log.debugging;
    const checked = this.#checked;
    const parsed = parseDocument(document, { format, strict, checkTargeting, inform, checked });
    if (!parsed.ok) return this.#rejected(payload, parsed.problems);
    const bytes = typeof document === "string" ? Buffer.byteLength(document) : document.length;
    const { flagSet } = parsed;
    const change = store.accept(this.#source, flagSet, incrementally(payload));
    await this.#accepted(payload, { ...change, flags: flagSet.flags.length, bytes });
    // What waited for the flags goes first.
    await new Promise(setImmediate);
    this.warnOf(
      payload,
      [...problems, ...(await inSlices(parsed.warnings()))],
      parsed.information(),
    );
    return true;
  }

  async #take(payload: ReadPayload): Promise<boolean> {
    const { reading, bytes } = payload;
    if (!reading.ok) return this.#rejected(payload, reading.problems);
    const { flagSet } = reading;
    const { store } = this.#options;
    const change = await inSlices(store.accepting(this.#source, flagSet, incrementally(payload)));
    await this.#accepted(payload, { ...change, flags: flagSet.flagSets.length, bytes });
    return true;
  }

  /** Tells the operator what is odd about a document that was accepted. */
  warnOf(
    payload: Pick<Payload, "origin">,
    warnings: readonly Problem[],
    information: readonly Problem[] = [],
  ): void {
    if (warnings.length > 0) {
      this.#options.status.warnings = warnings;
      this.#log.warn(`flag document accepted with warnings: ${list(warnings)}`, from(payload));
    }
    if (information.length > 0)
      this.#log.debug(`about the flag document: ${list(information)}`, from(payload));
  }

  unchanged(): void {
    if (this.#options.status.unchanged()) this.#log.info("source recovered, flags unchanged");
  }

  failed(message: string): void {
    const reason = this.#options.reword?.(message) ?? message;
    if (this.#options.status.failed(reason)) this.#log.warn(`${reason}; ${this.#remaining}`);
  }

  async #accepted(payload: Payload | ReadPayload, change: LayerChange & Size): Promise<void> {
    const { status, onContext, onAccepted } = this.#options;
    const { flags, bytes, written: added, updated: changed, deleted: removed } = change;
    if (payload.context) onContext?.(payload.context);
    const first = !status.delivered;
    const recovered = status.accepted(bytes, payload.hash);
    if (first) this.#log.info("flags loaded", { flags });
    else if (added + changed + removed > 0) {
      const what = describeChanges(change.changes, added + changed + removed);
      this.#log.info(`flags changed: ${what}`, { flags, added, changed, removed });
    } else if (recovered) this.#log.info("source recovered, flags unchanged");
    await onAccepted?.(payload);
  }

  #rejected(payload: Payload | ReadPayload, problems: readonly Problem[]): false {
    const reason = list(problems);
    if (this.#options.status.rejected(reason)) {
      this.#log.error(`flag document rejected, ${this.#remaining}: ${reason}`, from(payload));
    }
    return false;
  }

  get #remaining(): string {
    return this.#options.status.delivered
      ? "serving the last accepted flags"
      : "no flags from this source yet";
  }
}

interface Size {
  readonly flags: number;
  readonly bytes: number;
}

function describeChanges(changes: readonly FlagChange[], count: number): string {
  const shown = changes.slice(0, maxShown).map(describeChange);
  const more = count > shown.length ? [`and ${count - shown.length} more`] : [];
  return [...shown, ...more].join("; ");
}

function incrementally({ incremental = false }: Payload | ReadPayload) {
  return { incremental };
}

function from({ origin }: Pick<Payload, "origin">): { readonly origin?: string } {
  return origin === undefined ? {} : { origin };
}

function list(problems: readonly Problem[]): string {
  const shown = problems.slice(0, maxShown).map(({ path, reason }) => `${path}: ${reason}`);
  const more = problems.length - shown.length;
  return shown.join("; ") + (more > 0 ? `; and ${more} more` : "");
}
