import type { Layer } from "../../store/layer.ts";
import type { StoredFlag } from "../../store/stored-flag.ts";

/** One flag of one source, as the page shows it. */
export interface ListedFlag {
  readonly key: string;
  readonly source: string;
  /** `""` for none. */
  readonly flagSetId: string;
  /** The definition as canonical JSON; null: it is too long to be shown. */
  readonly definition: string | null;
  /** Whose flag of the same key is given to clients that see every flag; null: this one. */
  readonly shadowedBy: { readonly source: string; readonly flagSetId: string } | null;
}

/** The flags found. */
export interface FlagList {
  readonly flags: readonly ListedFlag[];
  /** How many were found, of which the first are listed. */
  readonly found: number;
}

/** Flags of one answer. */
export const maxListed = 200;
/** Characters of a definition. */
const maxDefinition = 64 << 10;

/** Which flags to list. */
export interface FlagFilter {
  /** A part of the key, without regard to case. */
  readonly search: string;
  /** `""` for all. */
  readonly source: string;
  /** Only flags that clients which see every flag do not get. */
  readonly onlyShadowed: boolean;
}

/** @param layers in order of priority, the last overrides the others */
export function listFlags(layers: readonly Layer[], filter: FlagFilter): FlagList {
  const wanted = filter.search.toLowerCase();
  const flags: ListedFlag[] = [];
  let found = 0;
  for (const { source, flagSets } of layers) {
    if (filter.source !== "" && source !== filter.source) continue;
    for (const [flagSetId, table] of flagSets) {
      for (const [key, flag] of table) {
        if (!key.toLowerCase().includes(wanted)) continue;
        const isLookedAt = filter.onlyShadowed || found < maxListed;
        const shadowedBy = isLookedAt ? winnerOver(flag, key, layers) : null;
        if (filter.onlyShadowed && shadowedBy === null) continue;
        if (++found > maxListed) continue;
        const { text } = flag;
        const definition = text.length > maxDefinition ? null : text;
        flags.push({ key, source, flagSetId, definition, shadowedBy });
      }
    }
  }
  return { flags, found };
}

/** Null: the flag is given itself. */
function winnerOver(
  flag: StoredFlag,
  key: string,
  layers: readonly Layer[],
): ListedFlag["shadowedBy"] {
  const winner = layers.findLast(({ flags }) => flags.has(key))?.flags.get(key);
  return winner === undefined || winner === flag
    ? null
    : { source: winner.source, flagSetId: winner.flagSetId };
}
