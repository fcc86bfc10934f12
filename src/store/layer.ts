import type { PreparedFlag } from "../evaluation/flag.ts";
import { canonicalFlag } from "../flags/canonical.ts";
import type { FlagDefinition, FlagSet, JsonObject } from "../flags/model.ts";
import { compareBytes } from "../flags/order.ts";

/** How definitions become flags that can be evaluated. */
export interface Preparation {
  prepare(definition: FlagDefinition): PreparedFlag;
  /** The same flag with `reflection` beneath the metadata of its answers. */
  reflecting(flag: PreparedFlag, reflection: JsonObject): PreparedFlag;
}

/**
 * One flag as one source defines it. All that is made of the definition is made at its first use: a
 * document of thousands of flags is in service at once, and evaluations do not wait for it.
 */
export class StoredFlag {
  readonly #preparation: Preparation;
  #text: string | undefined;
  #prepared: PreparedFlag | undefined;
  #withSource: PreparedFlag | undefined;

  constructor(
    readonly definition: FlagDefinition,
    readonly source: string,
    preparation: Preparation,
  ) {
    this.#preparation = preparation;
  }

  /** The definition in canonical JSON, source included: equal text, equal flag. */
  get text(): string {
    this.#text ??= canonicalFlag(this.definition, this.source);
    return this.#text;
  }

  get prepared(): PreparedFlag {
    this.#prepared ??= this.#preparation.prepare(this.definition);
    return this.#prepared;
  }

  /** As a caller sees it who selected its source. */
  get withSource(): PreparedFlag {
    this.#withSource ??= this.#preparation.reflecting(this.prepared, { source: this.source });
    return this.#withSource;
  }
}

type Flags = ReadonlyMap<string, StoredFlag>;

/** All that one source defines, by {@link identity}, in byte order of key, then flag set. */
export interface Layer {
  readonly source: string;
  readonly flags: Flags;
}

/** What a payload did to its source's own flags. */
export interface LayerChange {
  readonly written: number;
  readonly updated: number;
  readonly deleted: number;
}

export interface NextLayer extends LayerChange {
  readonly layer: Layer;
  /** The flag sets in which something changed, `""` for the flags without one. */
  readonly touched: ReadonlySet<string>;
}

/**
 * The layer after its source sent `flagSet`. Unchanged flags stay the same objects; if nothing
 * changed at all, `touched` is empty.
 * @param incremental keep the flags of every flag set that the payload does not speak of.
 */
export function nextLayer(
  layer: Layer,
  flagSet: FlagSet,
  incremental: boolean,
  preparation: Preparation,
): NextLayer {
  const flags = new Map<string, StoredFlag>();
  const touched = new Set<string>();
  let written = 0;
  let updated = 0;
  let deleted = 0;

  const definitions = new Map(flagSet.flags.map((flag) => [identity(flag), flag]));
  for (const [id, definition] of definitions) {
    const before = layer.flags.get(id);
    const flag = new StoredFlag(definition, layer.source, preparation);
    if (before && before.text === flag.text) {
      flags.set(id, before);
      continue;
    }
    flags.set(id, flag);
    touched.add(definition.flagSetId ?? "");
    if (before) updated++;
    else written++;
  }

  const spokenOf = incremental ? flagSetsOf(flagSet) : undefined;
  for (const [id, before] of layer.flags) {
    if (flags.has(id)) continue;
    const flagSetId = before.definition.flagSetId ?? "";
    if (spokenOf && !spokenOf.has(flagSetId)) {
      flags.set(id, before);
    } else {
      touched.add(flagSetId);
      deleted++;
    }
  }

  if (touched.size === 0) return { layer, touched, written, updated, deleted };
  // Sorting is most of the work where one flag of thousands changed, and the old order still holds.
  const sameKeys = written === 0 && deleted === 0;
  const sorted = sameKeys ? inOrderOf(layer.flags, flags) : sortedFlags(flags);
  return { layer: { source: layer.source, flags: sorted }, touched, written, updated, deleted };
}

function inOrderOf(before: Flags, flags: Flags): Flags {
  const ordered = new Map<string, StoredFlag>();
  for (const [id, old] of before) ordered.set(id, flags.get(id) ?? old);
  return ordered;
}

function sortedFlags(flags: Flags): Flags {
  return new Map([...flags].sort(([, a], [, b]) => compareStored(a, b)));
}

function flagSetsOf({ flags, flagSetId }: FlagSet): ReadonlySet<string> {
  const ids = new Set(flags.map((flag) => flag.flagSetId ?? ""));
  if (flagSetId) ids.add(flagSetId);
  return ids;
}

/** A flag is the same flag if its key and flag set are; the length keeps the two apart. */
function identity({ key, flagSetId = "" }: FlagDefinition): string {
  return `${flagSetId.length}:${flagSetId}${key}`;
}

function compareStored({ definition: a }: StoredFlag, { definition: b }: StoredFlag): number {
  return compareBytes(a.key, b.key) || compareBytes(a.flagSetId ?? "", b.flagSetId ?? "");
}
