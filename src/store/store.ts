import type { FlagSet } from "../flags/model.ts";
import { type LayerChange, nextLayer, type Preparation } from "./layer.ts";
import { LayeredSnapshot } from "./snapshot.ts";
import { type ChangeListener, Subscriptions } from "./subscriptions.ts";
import type { Selector, Snapshot, SnapshotSource } from "./view.ts";

export interface StoreOptions extends Preparation {
  /** Told of what a subscriber's listener throws. */
  onListenerError(error: unknown): void;
}

/**
 * The flags of all sources, one layer a source: a flag that a higher source no longer defines shows
 * the lower source's at once. Every change swaps the one immutable snapshot.
 */
export class Store implements SnapshotSource {
  readonly #options: StoreOptions;
  readonly #subscriptions: Subscriptions;
  #snapshot: LayeredSnapshot;

  /** @param sources names in order of priority, the last is the highest; a repeated name counts where it stands first. */
  constructor(sources: readonly string[], options: StoreOptions) {
    this.#options = options;
    this.#subscriptions = new Subscriptions((error) => options.onListenerError(error));
    const layers = [...new Set(sources)].map((source) => ({ source, flags: new Map() }));
    this.#snapshot = new LayeredSnapshot(0, layers);
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /**
   * Replaces what `source` defines, and tells the subscribers who see a difference. Content that is
   * equal to what the source defined before makes no new snapshot.
   * @param options.incremental leave the flag sets alone of which the payload does not speak.
   * @throws Error if the constructor was not given `source`.
   */
  accept(
    source: string,
    flagSet: FlagSet,
    { incremental = false }: { readonly incremental?: boolean } = {},
  ): LayerChange {
    const old = this.#snapshot.layers.find((layer) => layer.source === source);
    if (!old) throw new Error(`source ${source} is not one of the store's sources`);
    const { layer, touched, ...change } = nextLayer(old, flagSet, incremental, this.#options);
    if (touched.size > 0) {
      this.#snapshot = this.#snapshot.with(layer, touched);
      this.#subscriptions.publish(() => this.#snapshot);
    }
    return change;
  }

  subscribe(selector: Selector, listener: ChangeListener): () => void {
    return this.#subscriptions.add(selector, this.#snapshot, listener);
  }
}
