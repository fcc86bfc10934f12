import { expressionOf, selectorId } from "../../store/selector.ts";
import type { Selector, SnapshotSource } from "../../store/view.ts";
import type { EventClient } from "../../telemetry/stream-metrics.ts";
import type { Dialect } from "./dialects.ts";
import { type ChangeListener, type EventSink, EventStream } from "./event-stream.ts";
import { ConfigurationChange } from "./events.ts";

export interface OpenEventStreamsOptions {
  readonly store: SnapshotSource;
  readonly whenReady: Promise<void>;
  readonly streamDeadlineMs: number;
  readonly keepAliveMs?: number;
  readonly stallMs?: number;
  /** Called for every stream opened; what it returns when the stream ends. */
  readonly measureEvents?: (client: EventClient) => () => void;
}

/** All open event streams. */
export class OpenEventStreams {
  readonly #options: OpenEventStreamsOptions;
  readonly #feed: ChangeFeed;
  readonly #open = new Set<EventStream>();
  #stopping = false;

  constructor(options: OpenEventStreamsOptions) {
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
      subscribe: (listener) => this.#feed.listen(selector, listener),
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

interface Channel {
  readonly listeners: Set<ChangeListener>;
  readonly unsubscribe: () => void;
}

/** One subscription to the store per distinct selector, however many streams there are. */
export class ChangeFeed {
  readonly #store: SnapshotSource;
  readonly #channels = new Map<string, Channel>();

  constructor(store: SnapshotSource) {
    this.#store = store;
  }

  /** Returns what ends it. */
  listen(selector: Selector, listener: ChangeListener): () => void {
    const id = selectorId(selector);
    const channel = this.#channels.get(id) ?? this.#open(id, selector);
    channel.listeners.add(listener);
    return () => {
      if (!channel.listeners.delete(listener) || channel.listeners.size > 0) return;
      channel.unsubscribe();
      this.#channels.delete(id);
    };
  }

  #open(id: string, selector: Selector): Channel {
    const listeners = new Set<ChangeListener>();
    const tell = (change: ConfigurationChange) => {
      for (const listener of listeners) listener(change);
    };
    // What comes while a large change is encoded waits for it.
    let queue = Promise.resolve();
    let queued = 0;
    const unsubscribe = this.#store.subscribe(selector, (changes) => {
      const change = new ConfigurationChange(changes);
      if (!change.isLarge && queued === 0) return tell(change);
      const next = async () => {
        if (change.isLarge) await change.event.encode();
        queued--;
        tell(change);
      };
      queued++;
      queue = queue.then(next, next);
    });
    const channel = { listeners, unsubscribe };
    this.#channels.set(id, channel);
    return channel;
  }
}
