import { FlagView } from "./flag-view.ts";
import type { Layer, StoredFlag } from "./layer.ts";
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
  #byFlagSet: ReadonlyMap<string, readonly StoredFlag[]> | undefined;

  /** @param layers in order of priority, the last overrides the others. */
  constructor(
    readonly version: number,
    readonly layers: readonly Layer[],
  ) {}

  view(selector: Selector): FlagView {
    const { flagSetId, source } = selector;
    if (source === undefined) {
      return flagSetId === undefined ? this.#viewOfAll() : this.#viewOfFlagSet(flagSetId);
    }
    if (flagSetId === undefined) return this.#viewOfSource(source);
    const both = this.#flagsOf(flagSetId).filter((flag) => flag.source === source);
    return new FlagView(selector, both);
  }

  /** The snapshot in which `layer` replaces that of its source, different only in `touched` flag sets. */
  with(layer: Layer, touched: ReadonlySet<string>): LayeredSnapshot {
    const layers = this.layers.map((old) => (old.source === layer.source ? layer : old));
    const next = new LayeredSnapshot(this.version + 1, layers);
    for (const [source, view] of this.#sourceViews) {
      if (source !== layer.source) next.#sourceViews.set(source, view);
    }
    for (const [flagSetId, view] of this.#flagSetViews) {
      if (!touched.has(flagSetId)) next.#flagSetViews.set(flagSetId, view);
    }
    return next;
  }

  #viewOfAll(): FlagView {
    this.#wholeView ??= new FlagView(everything, allOf(this.layers));
    return this.#wholeView;
  }

  #viewOfSource(source: string): FlagView {
    const known = this.#sourceViews.get(source);
    if (known) return known;
    const layer = this.layers.find((layer) => layer.source === source);
    const view = new FlagView({ source }, layer?.flags.values() ?? []);
    if (layer) this.#sourceViews.set(source, view);
    return view;
  }

  #viewOfFlagSet(flagSetId: string): FlagView {
    const known = this.#flagSetViews.get(flagSetId);
    if (known) return known;
    const flags = this.#flagsOf(flagSetId);
    const view = new FlagView({ flagSetId }, flags);
    if (flags.length > 0) this.#flagSetViews.set(flagSetId, view);
    return view;
  }

  #flagsOf(flagSetId: string): readonly StoredFlag[] {
    this.#byFlagSet ??= Map.groupBy(allOf(this.layers), (flag) => flag.definition.flagSetId ?? "");
    return this.#byFlagSet.get(flagSetId) ?? [];
  }
}

/** From the lowest priority to the highest. */
function* allOf(layers: readonly Layer[]): Generator<StoredFlag> {
  for (const layer of layers) yield* layer.flags.values();
}
