import { Code, RpcError } from "../../core/rpc-error.ts";
import type { Selector, SnapshotSource } from "../../store/view.ts";
import type { SyncStreamMetrics } from "../../telemetry/sync-metrics.ts";
import type { ContextSource } from "../context-source.ts";
import type { StateEncoder } from "./encoded-state.ts";
import { type StateSink, SyncStream } from "./sync-stream.ts";

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
