/** OFREP's event streams: clients are told to ask again (ADR 8 of the protocol). */

import { within } from "../../../core/within.ts";
import { everything, expressionOf, selectorId } from "../../../store/selector.ts";
import type { Selector, SnapshotSource } from "../../../store/view.ts";
import type { EventClient } from "../../../telemetry/event-metrics.ts";
import { Channel } from "./channel.ts";
import { configurationTag, type NamedConfiguration } from "./configuration.ts";
import { EventStream } from "./event-stream.ts";

/** Between two comments that keep connections alive. */
export const defaultHeartbeatMs = 20_000;

export interface OfrepEventsOptions {
  readonly store: SnapshotSource;
  /** Milliseconds over which the events of one change are spread, so that clients do not all ask at once. */
  readonly jitterMs: number;
  /** Streams open at once. */
  readonly maxStreams: number;
  /** Makes the sources look now; called at most once a second. */
  readonly refresh: () => void;
  /** {@link defaultHeartbeatMs} where not given. */
  readonly heartbeatMs?: number;
  /** Called for every stream opened; what it returns when the stream ends. */
  readonly measureEvents?: (client: EventClient) => () => void;
  /** Milliseconds that a request waits for a configuration that it names; 2,000 where not given. */
  readonly freshnessMs?: number;
}

/** Requests that may wait for a configuration at once; others are answered at once. */
const mostWaiting = 1_000;
const refreshEveryMs = 1_000;

/**
 * A client asks for all flags first and opens a stream afterwards. Where flags have changed within this
 * time before it did, it may have missed the change.
 */
const doubtMs = 60_000;

/** All open event streams of OFREP. */
export class OfrepEvents {
  readonly #options: OfrepEventsOptions;
  readonly #channels = new Map<string, Channel>();
  readonly #heartbeats: Timer;
  /** Of everything: always open, for the time of the last change. */
  readonly #whole: Channel;
  #open = 0;
  #waiting = 0;
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(options: OfrepEventsOptions) {
    this.#options = options;
    this.#whole = this.#channel(everything);
    this.#heartbeats = setInterval(() => this.#beat(), options.heartbeatMs ?? defaultHeartbeatMs);
    this.#heartbeats.unref();
  }

  /**
   * A new stream of what `selector` sees; undefined: there are too many already.
   * @param last `Last-Event-ID`
   */
  open(selector: Selector, last: string | undefined): EventStream | undefined {
    if (this.#stopped || this.#open >= this.#options.maxStreams) return undefined;
    const stream = new EventStream();
    const channel = this.#channel(selector);
    this.#open++;
    const ended = this.#options.measureEvents?.({ service: "ofrep", ...expressionOf(selector) });
    const changedAt = Math.max(channel.changedAt ?? 0, this.#whole.changedAt ?? 0);
    channel.add(stream, last, Date.now() - changedAt < doubtMs);
    void stream.closed.then(() => {
      this.#open--;
      ended?.();
      channel.remove(stream);
      this.#dropUnused(selector, channel);
    });
    return stream;
  }

  /** Resolves when the store has what `named` names, or something later; at the latest after a while. */
  async fresh(selector: Selector, named: NamedConfiguration): Promise<void> {
    if (this.#has(selector, named) || this.#waiting >= mostWaiting) return;
    this.#waiting++;
    this.#refresh();
    const { store, freshnessMs = 2_000 } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    const unsubscribe = store.subscribe(selector, () => {
      if (this.#has(selector, named)) resolve();
    });
    await within(promise, freshnessMs);
    unsubscribe();
    this.#waiting--;
  }

  /** Ends all streams. Clients open new ones, elsewhere or later. */
  shutdown(): void {
    this.#stopped = true;
    clearInterval(this.#heartbeats);
    for (const channel of this.#channels.values()) {
      for (const stream of [...channel.streams]) stream.end();
      channel.close();
    }
  }

  #has(selector: Selector, named: NamedConfiguration): boolean {
    if (this.#channels.get(selectorId(selector))?.includes(named)) return true;
    return named.etag === configurationTag(this.#options.store.snapshot.view(selector));
  }

  #channel(selector: Selector): Channel {
    const id = selectorId(selector);
    const known = this.#channels.get(id);
    if (known) return known;
    const { store, jitterMs } = this.#options;
    const channel = new Channel({ store, selector, jitterMs });
    this.#channels.set(id, channel);
    return channel;
  }

  #dropUnused(selector: Selector, channel: Channel): void {
    if (channel === this.#whole || channel.streams.size > 0 || this.#stopped) return;
    channel.close();
    this.#channels.delete(selectorId(selector));
  }

  #beat(): void {
    for (const { streams } of this.#channels.values()) {
      for (const stream of [...streams]) stream.heartbeat();
    }
  }

  #refresh(): void {
    const now = performance.now();
    if (now - this.#refreshedAt < refreshEveryMs) return;
    this.#refreshedAt = now;
    this.#options.refresh();
  }
}
