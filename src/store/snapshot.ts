import { FlagView } from "./flag-view.ts";
import type { Layer } from "./layer.ts";
import { everything } from "./selector.ts";
import type { Selector, Snapshot } from "./view.ts";

/**
 * The layers of all sources at one moment. A view is made at its first use and kept as long as no
 * change touches it, across snapshots. Views of sources and flag sets that do not exist are not
 * kept: clients choose the names, and would fill the memory.
 */
export class LayeredSnapshot implements Snapshot {
  readonly #sourceViews = new Map<string, FlagView>();
  readonly #flagSetViews = new Map<string, FlagView>();
  #wholeView: FlagView | undefined;

  /** @param layers in order of priority, the last overrides the others. */
  constructor(readonly layers: readonly Layer[]) {}

  view(selector: Selector): FlagView {
    const { flagSetId, source } = selector;
    if (source === undefined) {
      return flagSetId === undefined ? this.#viewOfAll() : this.#viewOfFlagSet(flagSetId);
    }
    if (flagSetId === undefined) return this.#viewOfSource(source);
    const flags = this.#layerOf(source)?.flagSets.get(flagSetId);
    return new FlagView(selector, flags ? [flags] : []);
  }

  /** The snapshot in which `layer` replaces that of its source, different only in `touched` flag sets. */
  with(layer: Layer, touched: ReadonlySet<string>): LayeredSnapshot {
    const layers = this.layers.map((old) => (old.source === layer.source ? layer : old));
    const next = new LayeredSnapshot(layers);
    for (const [source, view] of this.#sourceViews) {
      if (source !== layer.source) next.#sourceViews.set(source, view);
    }
    for (const [flagSetId, view] of this.#flagSetViews) {
      if (!touched.has(flagSetId)) next.#flagSetViews.set(flagSetId, view);
    }
    return next;
  }

  #viewOfAll(): FlagView {
    this.#wholeView ??= new FlagView(
      everything,
      this.layers.map(({ flags }) => flags),
    );
    return this.#wholeView;
  }

  #viewOfSource(source: string): FlagView {
    const known = this.#sourceViews.get(source);
    if (known) return known;
    const layer = this.#layerOf(source);
    const view = new FlagView({ source }, layer ? [layer.flags] : []);
    if (layer) this.#sourceViews.set(source, view);
    return view;
  }

  #viewOfFlagSet(flagSetId: string): FlagView {
    const known = this.#flagSetViews.get(flagSetId);
    if (known) return known;
    const found = this.layers.flatMap(({ flagSets }) => flagSets.get(flagSetId) ?? []);
    const view = new FlagView({ flagSetId }, found);
    if (found.length > 0) this.#flagSetViews.set(flagSetId, view);
    return view;
  }

  #layerOf(source: string): Layer | undefined {
    return this.layers.find((layer) => layer.source === source);
  }
}
