/** OFREP's event streams: clients are told to ask again (ADR 8 of the protocol). */
import { within } from "../../core/clock.ts";
import { everything, expressionOf, selectorId } from "../../store/selector.ts";
import type { Selector, SnapshotSource } from "../../store/view.ts";
import type { EventClient } from "../../telemetry/stream-metrics.ts";
import type { Guard } from "../../transport/guard.ts";
import { selectorHeader } from "../selector-header.ts";
import { Channel, configurationTag, type NamedConfiguration } from "./event-channel.ts";
import { isRefusal, type OfrepRequest, readSelector } from "./ofrep-request.ts";
import { eventsPath } from "./ofrep-route.ts";
import { eventStream, methodNotAllowed, type Reply, refusal, tooManyStreams } from "./reply.ts";
import { SseStream } from "./sse-stream.ts";

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
  /** {@link defaultHeartbeatMs} if not given. */
  readonly heartbeatMs?: number;
  /** Called for every stream opened; what it returns when the stream ends. */
  readonly measureEvents?: (client: EventClient) => () => void;
  /** Milliseconds that a request waits for a configuration that it names; 2,000 if not given. */
  readonly freshnessMs?: number;
}

/** Requests that may wait for a configuration at once; others are answered at once. */
const maxWaiting = 1_000;
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
  open(selector: Selector, last: string | undefined): SseStream | undefined {
    if (this.#stopped || this.#open >= this.#options.maxStreams) return undefined;
    const stream = new SseStream();
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
    if (this.#has(selector, named) || this.#waiting >= maxWaiting) return;
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

/** The query parameter of the selector: browsers open event streams without headers of ours. */
export const selectorParameter = "selector";

/** After this time in the background a client should close its stream. The protocol's default. */
const inactivityDelaySec = 120;

/** What a bulk answer says of the stream that tells of its changes. */
export function eventStreams(selector: Selector): string {
  const requestUri = `${eventsPath}${query(selector)}`;
  return JSON.stringify([{ type: "sse", endpoint: { requestUri }, inactivityDelaySec }]);
}

function query({ flagSetId, source }: Selector): string {
  const expression =
    flagSetId === undefined
      ? source === undefined
        ? undefined
        : `source=${source}`
      : `flagSetId=${flagSetId}`;
  if (expression === undefined) return "";
  return `?${new URLSearchParams({ [selectorParameter]: expression.toWellFormed() })}`;
}

/** Opens an event stream. The selector is in the query, as the bulk answer gave it, or in the header. */
export function answerEvents(
  events: OfrepEvents,
  request: OfrepRequest,
  guard: Guard | undefined,
): Reply {
  if (request.method !== "GET") return methodNotAllowed("GET");
  const { headers, target } = request;
  const query = target.indexOf("?");
  const parameters = new URLSearchParams(query < 0 ? "" : target.slice(query));
  const selector = readSelector(
    parameters.get(selectorParameter) ?? headers[selectorHeader],
    request,
  );
  if (isRefusal(selector)) return refusal(selector, undefined);
  const stream = events.open(selector, headers["last-event-id"]);
  if (stream === undefined) return tooManyStreams;
  if (guard) void stream.closed.then(guard.hold(headers, () => stream.end()));
  return eventStream(stream);
}
