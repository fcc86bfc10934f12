import type { Json, JsonObject } from "../core/json.ts";
import type { ContextSource } from "../services/context-additions.ts";

/**
 * The evaluation context that is added to every evaluation and passed on to sync clients: that of
 * upstream daemons, the later source over the earlier one, and the operator's own over them all.
 */
export class SyncContext implements ContextSource {
  readonly #upstream: Map<string, JsonObject>;
  readonly #own: JsonObject;
  readonly #listeners: (() => void)[] = [];
  #current: JsonObject;

  /** @param sources names in order of priority */
  constructor(sources: readonly string[], own: JsonObject) {
    this.#upstream = new Map(sources.map((source) => [source, {}]));
    this.#own = own;
    this.#current = own;
  }

  get current(): JsonObject {
    return this.#current;
  }

  subscribe(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** What `source` said last. */
  set(source: string, context: JsonObject): void {
    this.#upstream.set(source, context);
    const merged: Record<string, Json> = Object.assign({}, ...this.#upstream.values(), this.#own);
    if (Bun.deepEquals(merged, this.#current)) return;
    this.#current = merged;
    for (const listener of this.#listeners) listener();
  }
}
