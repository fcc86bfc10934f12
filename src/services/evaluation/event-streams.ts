import { expressionOf } from "../../store/selector.ts";
import type { Selector, SnapshotSource } from "../../store/view.ts";
import type { EventClient } from "../../telemetry/event-metrics.ts";
import { ChangeFeed } from "./change-feed.ts";
import type { Dialect } from "./dialects.ts";
import { type EventSink, EventStream } from "./event-stream.ts";

export interface EventStreamsOptions {
  readonly store: SnapshotSource;
  readonly whenReady: Promise<void>;
  readonly streamDeadlineMs: number;
  readonly keepAliveMs?: number;
  readonly stallMs?: number;
  /** Called for every stream opened; what it returns when the stream ends. */
  readonly measureEvents?: (client: EventClient) => () => void;
}

/** All open event streams. */
export class EventStreams {
  readonly #options: EventStreamsOptions;
  readonly #feed: ChangeFeed;
  readonly #open = new Set<EventStream>();
  #stopping = false;

  constructor(options: EventStreamsOptions) {
    this.#options = options;
    this.#feed = new ChangeFeed(options.store);
  }

  open(dialect: Dialect, selector: Selector, sink: EventSink): void {
    const ended = this.#options.measureEvents?.({
      service: dialect.service,
      ...expressionOf(selector),
    });
    const { whenReady, streamDeadlineMs, keepAliveMs = 20_000, stallMs = 30_000 } = this.#options;
    const stream = new EventStream(sink, {
      feed: this.#feed,
      selector,
      whenReady,
      keepAliveMs,
      stallMs,
      deadlineMs: dialect.streamDeadline ? streamDeadlineMs : 0,
      onClose: () => {
        this.#open.delete(stream);
        ended?.();
      },
    });
    this.#open.add(stream);
    if (this.#stopping) stream.shutdown();
  }

  /** Also ends streams that are opened later. */
  shutdown(): void {
    this.#stopping = true;
    for (const stream of this.#open) stream.shutdown();
  }
}
