import type { Layer } from "../../store/layer.ts";

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

/**
 * The flags whose key contains `search`, without regard to case.
 * @param layers in order of priority, the last overrides the others
 */
export function listFlags(layers: readonly Layer[], search: string): FlagList {
  const wanted = search.toLowerCase();
  const flags: ListedFlag[] = [];
  let found = 0;
  for (const { source, flagSets } of layers) {
    for (const [flagSetId, table] of flagSets) {
      for (const [key, flag] of table) {
        if (!key.toLowerCase().includes(wanted)) continue;
        if (++found > maxListed) continue;
        const winner = layers.findLast(({ flags }) => flags.has(key))?.flags.get(key);
        const { text } = flag;
        flags.push({
          key,
          source,
          flagSetId,
          definition: text.length > maxDefinition ? null : text,
          shadowedBy:
            winner === undefined || winner === flag
              ? null
              : { source: winner.source, flagSetId: winner.flagSetId },
        });
      }
    }
  }
  return { flags, found };
}
