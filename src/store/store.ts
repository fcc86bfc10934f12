import { atOnce, type Steps } from "../core/turns.ts";
import type { FlagSet } from "../flags/model.ts";
import type { PackedFlagSet } from "../flags/packed.ts";
import type { History } from "./history.ts";
import { emptyLayer, type Layer, type LayerChange, nextLayer, packLayer } from "./layer.ts";
import { LayeredSnapshot } from "./snapshot.ts";
import type { Preparation } from "./stored-flag.ts";
import { type ChangeListener, Subscriptions } from "./subscriptions.ts";
import type { Selector, Snapshot, SnapshotSource } from "./view.ts";

interface StoreOptions extends Preparation {
  /** Told of every change but the first flags of a source. */
  readonly history?: History;
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
  /** Those that have delivered flags. */
  readonly #filled = new Set<string>();
  #snapshot: LayeredSnapshot;

  /** @param sources names in order of priority, the last is the highest; a repeated name counts where it stands first. */
  constructor(sources: readonly string[], options: StoreOptions) {
    this.#options = options;
    this.#subscriptions = new Subscriptions((error) => options.onListenerError(error));
    const layers = [...new Set(sources)].map(emptyLayer);
    this.#snapshot = new LayeredSnapshot(layers);
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /**
   * Replaces what `source` defines, and tells the subscribers who see a difference. Content that is
   * equal to what the source defined before makes no new snapshot.
   * @throws Error if the constructor was not given `source`.
   */
  accept(source: string, flagSet: FlagSet, options: AcceptOptions = {}): LayerChange {
    return atOnce(this.accepting(source, flagSet, options));
  }

  /** The same in steps. One of them is the switch: before it everybody sees the old flags, after it the new ones. */
  *accepting(
    source: string,
    flagSet: FlagSet | PackedFlagSet,
    { incremental = false }: AcceptOptions,
  ): Steps<LayerChange> {
    for (;;) {
      const old = this.#layerOf(source);
      const next = yield* nextLayer(old, flagSet, incremental, this.#options);
      // Two sources may have the same name: the other one was faster.
      if (this.#layerOf(source) !== old) continue;
      const { layer, touched, keys, ...change } = next;
      if (touched.size > 0) {
        this.#snapshot = this.#snapshot.with(layer, touched);
        yield* this.#subscriptions.publish(() => this.#snapshot, keys);
        if (this.#filled.has(source))
          yield* this.#options.history?.record(source, change.changes) ?? [];
      }
      this.#filled.add(source);
      return change;
    }
  }

  /** In order of priority, the last overrides the others. */
  get layers(): readonly Layer[] {
    return this.#snapshot.layers;
  }

  /** How many flags each flag set of `source` has, `""` for those without one, in byte order. */
  sizes(source: string): ReadonlyMap<string, number> {
    const { flagSets } = this.#layerOf(source);
    return new Map(Array.from(flagSets, ([id, { size }]) => [id, size]));
  }

  /** All that `source` defines, in a form that threads can share. */
  packing(source: string): Steps<PackedFlagSet> {
    return packLayer(this.#layerOf(source));
  }

  subscribe(selector: Selector, listener: ChangeListener): () => void {
    return this.#subscriptions.add(selector, this.#snapshot, listener);
  }

  #layerOf(source: string): Layer {
    const found = this.#snapshot.layers.find((layer) => layer.source === source);
    if (!found) throw new Error(`source ${source} is not one of the store's sources`);
    return found;
  }
}

/** How a payload is taken into the store. */
interface AcceptOptions {
  /** Leave the flag sets alone of which the payload does not speak. */
  readonly incremental?: boolean;
}
