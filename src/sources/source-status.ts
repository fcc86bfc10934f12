import type { Problem } from "../flags/model.ts";
import type { SourceState } from "./source.ts";

const maxReasons = 32;

/** How one source fares, from what its sink sees. Read by readiness, metrics and the status answer. */
export class SourceStatus {
  payloadsAccepted = 0;
  payloadsRejected = 0;
  failures = 0;
  /** Size of the last accepted document. */
  documentBytes = 0;
  /** SHA3-256 of the last accepted document in hex, if the source knows it. */
  documentHash: string | undefined;
  /** What is odd about the last accepted document. */
  warnings: readonly Problem[] = [];
  /** When an attempt last succeeded, in milliseconds since 1970; undefined: never. */
  lastSuccess: number | undefined;

  /** When the flags in use were saved, in milliseconds since 1970, as long as they are those of an earlier run. */
  restoredFrom: number | undefined;

  #failure: string | undefined;
  #rejection: string | undefined;
  readonly #said = new Set<string>();
  #onDelivered: () => void = () => {};

  constructor(
    /** The source's URI, without credentials. */
    readonly name: string,
    readonly provider: string,
    private readonly now: () => number = Date.now,
  ) {}

  get state(): SourceState {
    if (this.restoredFrom !== undefined) return "restored";
    if (this.reason !== undefined) return this.delivered ? "stale" : "failed";
    return this.delivered ? "synced" : "connecting";
  }

  /** Why the state is stale or failed, or why restored flags are still in use. */
  get reason(): string | undefined {
    return this.#failure ?? this.#rejection;
  }

  /** Whether a flag set was ever accepted, or restored. */
  get delivered(): boolean {
    return this.payloadsAccepted > 0 || this.restoredFrom !== undefined;
  }

  /** The flags of an earlier run are in use, saved at `savedAt` (milliseconds since 1970). */
  restored(documentBytes: number, documentHash: string | undefined, savedAt: number): void {
    const first = !this.delivered;
    this.documentBytes = documentBytes;
    this.documentHash = documentHash;
    this.restoredFrom = savedAt;
    if (first) this.#onDelivered();
  }

  /** A flag document was accepted. True: the source had been in trouble before. */
  accepted(documentBytes: number, documentHash?: string): boolean {
    const recovered = this.reason !== undefined;
    const first = !this.delivered;
    this.payloadsAccepted++;
    this.warnings = [];
    this.restoredFrom = undefined;
    this.documentBytes = documentBytes;
    this.documentHash = documentHash;
    this.#rejection = undefined;
    this.#succeed();
    if (first) this.#onDelivered();
    return recovered;
  }

  /** A flag document was rejected. True: it has not been said since the last success, so say it now. */
  rejected(reason: string): boolean {
    this.payloadsRejected++;
    this.#failure = undefined;
    this.#rejection = reason;
    return this.#firstMention(reason);
  }

  /** The source was reached and has nothing new. True: it is well again after being in trouble. */
  unchanged(): boolean {
    const troubled = this.#failure !== undefined;
    this.#failure = undefined;
    // What it has is still the document that was rejected.
    if (this.#rejection !== undefined) return false;
    this.#succeed();
    return troubled;
  }

  /** An attempt failed. True: it has not been said since the last success, so say it now. */
  failed(reason: string): boolean {
    this.failures++;
    this.#failure = reason;
    return this.#firstMention(reason);
  }

  /** `listener` is called once, at the first accepted flag set. */
  onDelivered(listener: () => void): void {
    this.#onDelivered = listener;
  }

  #succeed(): void {
    this.#failure = undefined;
    this.#said.clear();
    this.lastSuccess = this.now();
  }

  #firstMention(reason: string): boolean {
    if (this.#said.has(reason)) return false;
    if (this.#said.size >= maxReasons) this.#said.clear();
    this.#said.add(reason);
    return true;
  }
}
