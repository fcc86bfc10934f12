import { Code, RpcError } from "../../core/errors.ts";
import type { Selector, SnapshotSource } from "../../store/view.ts";
import type { SyncStreamEnd, SyncStreamMetrics } from "../../telemetry/stream-metrics.ts";
import type { ContextSource } from "../context-additions.ts";
import { streamDeadlineExceeded } from "../rpc-service.ts";
import type { EncodedState, StateEncoder } from "./encoded-state.ts";

/** Where states go. */
export interface StateSink {
  /** False: the reader is busy with it, `onDrain` tells when it can take another. */
  send(state: EncodedState): boolean;
  end(error?: Error): void;
  onDrain(listener: () => void): void;
  /** Called once, however the stream ends. */
  onClose(listener: (reason?: SyncStreamEnd) => void): void;
}

export interface SyncStreamOptions {
  /**
   * Calls `then`, now or later, with what returns the state that is the latest now, or throws the
   * RpcError to end the stream with.
   */
  readonly latest: (then: (encoded: () => EncodedState) => void) => void;
  /** Calls back after each change; returns what ends that. */
  readonly subscribe: (listener: () => void) => () => void;
  /** Nothing is sent before. */
  readonly whenReady: Promise<void>;
  /** Milliseconds until the server ends the stream; ≤ 0: never. */
  readonly deadlineMs: number;
  readonly metrics: SyncStreamMetrics | undefined;
  /** Called once, however the stream ends. */
  readonly onClose: () => void;
}

/**
 * One open stream of states. While a state is encoded or its reader is busy with one, changes only mark
 * it as behind: after that it gets the latest, so the last one is never skipped and none is queued.
 */
export class SyncStream {
  readonly #sink: StateSink;
  readonly #options: SyncStreamOptions;
  #unsubscribe: (() => void) | undefined;
  #busy: "encoding" | "sending" | undefined;
  #behind = false;
  #sent: EncodedState | undefined;
  #over = false;
  #closed = false;
  #end: SyncStreamEnd | undefined;
  #deadline: Timer | undefined;

  constructor(sink: StateSink, options: SyncStreamOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  /** Not part of the construction, for a sink that is closed already says so at once. */
  open(): void {
    const { deadlineMs, whenReady } = this.#options;
    this.#sink.onDrain(() => this.#drained());
    this.#sink.onClose((reason) => this.#close(reason));
    if (this.#over) return;
    if (deadlineMs > 0) {
      this.#deadline = setTimeout(
        () => this.end(streamDeadlineExceeded(), "deadline_exceeded"),
        deadlineMs,
      );
    }
    void whenReady.then(() => this.#start());
  }

  /** The latest state may be another than the one sent last. */
  refresh(): void {
    if (this.#over || this.#unsubscribe === undefined) return;
    this.#behind = this.#busy !== undefined;
    if (this.#behind) return;
    this.#busy = "encoding";
    this.#options.latest((encoded) => this.#send(encoded));
  }

  /** Ends the stream from this side. */
  end(error: Error, reason: SyncStreamEnd): void {
    if (this.#over) return;
    this.#end = reason;
    this.#stop();
    this.#sink.end(error);
  }

  #start(): void {
    if (this.#over) return;
    this.#unsubscribe = this.#options.subscribe(() => this.refresh());
    this.refresh();
  }

  #send(encoded: () => EncodedState): void {
    if (this.#over) return;
    this.#busy = "sending";
    try {
      if (this.#taken(encoded())) this.#drained();
    } catch (error) {
      this.end(RpcError.from(error), "error");
    }
  }

  /** Whether the reader can have another one at once. */
  #taken(state: EncodedState): boolean {
    if (state === this.#sent) return true;
    this.#sent = state;
    this.#options.metrics?.sent(state.frame.length);
    return this.#sink.send(state);
  }

  /** Sinks may also say so while nothing is being sent. */
  #drained(): void {
    if (this.#busy !== "sending") return;
    this.#busy = undefined;
    if (this.#behind) this.refresh();
  }

  #stop(): void {
    this.#over = true;
    this.#unsubscribe?.();
    clearTimeout(this.#deadline);
  }

  #close(reason: SyncStreamEnd = "normal_close"): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stop();
    this.#options.metrics?.ended(this.#end ?? reason);
    this.#options.onClose();
  }
}

export interface SyncStreamsOptions {
  readonly store: SnapshotSource;
  readonly context: ContextSource;
  readonly whenReady: Promise<void>;
  readonly streamDeadlineMs: number;
}

/** All open sync streams. */
export class SyncStreams {
  readonly #options: SyncStreamsOptions;
  readonly #encoder: StateEncoder;
  readonly #open = new Set<SyncStream>();
  #stopping = false;

  constructor(options: SyncStreamsOptions, encoder: StateEncoder) {
    this.#options = options;
    this.#encoder = encoder;
    options.context.subscribe(() => {
      for (const stream of this.#open) stream.refresh();
    });
  }

  open(selector: Selector, sink: StateSink, metrics: SyncStreamMetrics | undefined): void {
    const { store, whenReady, streamDeadlineMs } = this.#options;
    const stream = new SyncStream(sink, {
      latest: (then) => this.#encoder.soon(store.snapshot.view(selector), then),
      subscribe: (listener) => store.subscribe(selector, listener),
      whenReady,
      deadlineMs: streamDeadlineMs,
      metrics,
      onClose: () => this.#open.delete(stream),
    });
    this.#open.add(stream);
    stream.open();
    if (this.#stopping) stopped(stream);
  }

  /** Also ends streams that are opened later. */
  shutdown(): void {
    this.#stopping = true;
    for (const stream of this.#open) stopped(stream);
  }
}

function stopped(stream: SyncStream): void {
  stream.end(new RpcError("the server is shutting down", Code.Unavailable), "normal_close");
}
