/** The flags that a selector sees, as event streams speak of them. */
import { once } from "../../evaluation/memo.ts";
import type { Selector, SnapshotSource, View } from "../../store/view.ts";
import type { SseStream } from "./sse-stream.ts";

/** What a client was told of a configuration; members are absent if it did not say. */
export interface NamedConfiguration {
  readonly etag?: string;
  /** Seconds since 1970. */
  readonly lastModified?: number;
}

/**
 * Names the content of a view, without quotes. Daemons that read the same flags agree on it, so that
 * a client may be told by one of them and ask another.
 */
export const configurationTag = once((view: View) => Bun.hash(view.syncPayload).toString(36));

/** The query parameters `flagConfigEtag` and `flagConfigLastModified`; undefined: neither is usable. */
export function namedConfiguration(url: string): NamedConfiguration | undefined {
  const query = url.indexOf("?");
  if (query < 0 || !url.includes("flagConfig", query)) return undefined;
  const parameters = new URLSearchParams(url.slice(query));
  const etag = parameters.get("flagConfigEtag")?.replace(/^(?:W\/)?"(.*)"$/, "$1");
  const lastModified = seconds(parameters.get("flagConfigLastModified"));
  if (!etag && lastModified === undefined) return undefined;
  return { ...(etag && { etag }), ...(lastModified !== undefined && { lastModified }) };
}

/** Seconds since 1970, or a date of ISO 8601 or HTTP. */
function seconds(text: string | null): number | undefined {
  if (!text) return undefined;
  const number = /^\d+$/.test(text) ? Number(text) : Date.parse(text) / 1000;
  return Number.isFinite(number) ? number : undefined;
}

/** Configurations that a channel remembers to have left behind. */
const maxPast = 64;

export interface ChannelOptions {
  readonly store: SnapshotSource;
  readonly selector: Selector;
  /** Events of one change are spread over this time. */
  readonly jitterMs: number;
}

/** What one selector sees, and the streams that are told of its changes. */
export class Channel {
  readonly #jitterMs: number;
  readonly #streams = new Set<SseStream>();
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

  get streams(): ReadonlySet<SseStream> {
    return this.#streams;
  }

  get changedAt(): number | undefined {
    return this.#changedAt;
  }

  /**
   * @param last the event that the client saw last; undefined: none
   * @param inDoubt the client may have missed a change all the same
   */
  add(stream: SseStream, last: string | undefined, inDoubt: boolean): void {
    this.#streams.add(stream);
    if (last === undefined ? inDoubt : last !== this.#tag) this.#notify(stream);
  }

  remove(stream: SseStream): void {
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
      if (this.#past.size <= maxPast) break;
      this.#past.delete(oldest);
    }
    this.#tag = configurationTag(view);
    this.#past.delete(this.#tag);
    this.#changedAt = Date.now();
    for (const stream of this.#streams) this.#notify(stream);
  }

  #notify(stream: SseStream): void {
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
