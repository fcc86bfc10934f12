import { ConfigError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { DocumentFormat, Problem } from "../flags/model.ts";
import type { PackedDocument } from "../flags/packed.ts";

/**
 * connecting: nothing delivered yet · synced: the last attempt succeeded · stale: serving what was
 * delivered before, the source is out of reach or sends what cannot be accepted · failed: nothing
 * delivered yet and the last attempt failed · restored: serving flags saved by an earlier run, until the
 * source delivers.
 */
export type SourceState = "connecting" | "synced" | "stale" | "failed" | "restored";

/** A complete flag document as it arrived. */
export interface Payload {
  readonly document: Uint8Array | string;
  readonly format: DocumentFormat;
  /** The document speaks only for the flag sets that it names. Default: it is all that the source has. */
  readonly incremental?: boolean;
  /** Evaluation context that the upstream adds to every evaluation (gRPC source). */
  readonly context?: JsonObject;
  /** SHA3-256 of the document in hex, if the source knows it. */
  readonly hash?: string;
  /** What of the source could not go into the document: a warning, or a rejection if that is strict. */
  readonly problems?: readonly Problem[];
  /** What the document came as: `application/json`, a file name, a Redis type …, for messages. */
  readonly origin?: string;
}

/** What became of a document that another thread has read. */
export interface ReadPayload extends Omit<Payload, "document" | "format"> {
  readonly bytes: number;
  readonly reading: PackedDocument;
}

/** What a source talks to. None of its methods throw. */
export interface SourceSink {
  /** Flags are in use already, such as those of an earlier run: no failure ends the start. Default: false. */
  readonly serving?: boolean;
  /** Hands over a payload. False: it was rejected (reported by the sink), the last good one stays. */
  accept(payload: Payload): Promise<boolean>;
  /** The source was reached and has nothing new. */
  unchanged(): void;
  /** An attempt failed; reported once per distinct reason, flags stay. */
  failed(reason: string): void;
}

/** Where flags come from. Sources know neither each other nor the store. */
export interface Source {
  /** As selectors and sync clients see it: the URI, without credentials. */
  readonly name: string;
  readonly provider: string;
  /**
   * Delivers to `sink` until `signal` aborts, then resolves, leaving no connection, timer or watcher.
   * An unreachable source is retried for ever.
   * @throws SourceError, a permanent one, before the first delivery only, and if the sink is not serving: the daemon does
   * not start with it
   */
  run(sink: SourceSink, signal: AbortSignal): Promise<void>;
  /** Fetch now instead of at the next interval. */
  resync(): void;
}

/** Bytes of a document from which reading it holds up requests for longer than some milliseconds. */
export const largeDocument = 256 * 1024;

/** Why a source got no flags, in words for the operator, without credentials. */
export class SourceError extends Error {
  override readonly name: string = "SourceError";
  /** False: permanent. Only the operator can fix it, so the daemon does not start with it. */
  readonly retryable: boolean;

  constructor(message: string, { retryable = true }: { readonly retryable?: boolean } = {}) {
    super(message);
    this.retryable = retryable;
  }
}

/** Whether only the operator can fix it: a wrong option, credential, certificate or database. */
export function isPermanent(failure: unknown): boolean {
  return failure instanceof ConfigError || (failure instanceof SourceError && !failure.retryable);
}
