import type { Selector, SnapshotSource, View } from "../../../store/view.ts";
import { configurationTag, type NamedConfiguration } from "./configuration.ts";
import type { EventStream } from "./event-stream.ts";

/** Configurations that a channel remembers to have left behind. */
const mostPast = 64;

export interface ChannelOptions {
  readonly store: SnapshotSource;
  readonly selector: Selector;
  /** Events of one change are spread over this time. */
  readonly jitterMs: number;
}

/** What one selector sees, and the streams that are told of its changes. */
export class Channel {
  readonly #jitterMs: number;
  readonly #streams = new Set<EventStream>();
  readonly #unsubscribe: () => void;
  readonly #past = new Set<string>();
  #tag: string;
  /** Milliseconds since 1970; undefined: not since this channel was opened. */
  #changedAt: number | undefined;

  constructor({ store, selector, jitterMs }: ChannelOptions) {
    this.#jitterMs = jitterMs;
    this.#tag = configurationTag(store.snapshot.view(selector));
    this.#unsubscribe = store.subscribe(selector, (_, view) => this.#changed(view));
  }

  get streams(): ReadonlySet<EventStream> {
    return this.#streams;
  }

  get changedAt(): number | undefined {
    return this.#changedAt;
  }

  /**
   * @param last the event that the client saw last; undefined: none
   * @param inDoubt the client may have missed a change all the same
   */
  add(stream: EventStream, last: string | undefined, inDoubt: boolean): void {
    this.#streams.add(stream);
    if (last === undefined ? inDoubt : last !== this.#tag) this.#notify(stream);
  }

  remove(stream: EventStream): void {
    this.#streams.delete(stream);
  }

  /** Is what `named` names the present configuration, or one before it? */
  includes({ etag, lastModified }: NamedConfiguration): boolean {
    if (etag !== undefined && (etag === this.#tag || this.#past.has(etag))) return true;
    if (lastModified === undefined || this.#changedAt === undefined) return false;
    const own = Math.floor(this.#changedAt / 1000);
    // Within one second there may have been several.
    return etag === undefined ? own >= lastModified : own > lastModified;
  }

  close(): void {
    this.#unsubscribe();
  }

  #changed(view: View): void {
    this.#past.add(this.#tag);
    for (const oldest of this.#past) {
      if (this.#past.size <= mostPast) break;
      this.#past.delete(oldest);
    }
    this.#tag = configurationTag(view);
    this.#past.delete(this.#tag);
    this.#changedAt = Date.now();
    for (const stream of this.#streams) this.#notify(stream);
  }

  #notify(stream: EventStream): void {
    stream.notify(Math.random() * this.#jitterMs, () => this.#event());
  }

  #event(): string {
    const data = JSON.stringify({
      type: "refetchEvaluation",
      etag: `"${this.#tag}"`,
      ...(this.#changedAt !== undefined && { lastModified: Math.floor(this.#changedAt / 1000) }),
    });
    return `id: ${this.#tag}\nevent: message\ndata: ${data}\n\n`;
  }
}
