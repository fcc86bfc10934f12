import { compareBytes } from "../core/order.ts";
import type { Steps } from "../core/turns.ts";
import type { FlagDefinition, FlagSet } from "../flags/model.ts";
import { compareFlags, type PackedFlagSet, packing, unpack } from "../flags/packed.ts";
import type { FlagChange } from "./diff.ts";
import { maxHistory } from "./history.ts";
import {
  DefinedFlag,
  type FlagContent,
  type Flags,
  overlaid,
  type Preparation,
  StoredFlag,
} from "./stored-flag.ts";

/** All that one source defines. */
export interface Layer {
  readonly source: string;
  /** By flag set, `""` for none, in byte order. */
  readonly flagSets: ReadonlyMap<string, Flags>;
  /** What is seen if every flag set is: of flags with one key that of the last flag set. */
  readonly flags: Flags;
}

/** What a payload did to its source's own flags. */
export interface LayerChange {
  readonly written: number;
  readonly updated: number;
  readonly deleted: number;
  /** The first of these changes. */
  readonly changes: readonly FlagChange[];
}

/** A layer after a payload, and what the payload changed. */
interface NextLayer extends LayerChange {
  readonly layer: Layer;
  /** The flag sets in which something changed, `""` for the flags without one. */
  readonly touched: ReadonlySet<string>;
  /** The keys of what changed. */
  readonly keys: ReadonlySet<string>;
}

/** The layer of a source that has delivered nothing yet. */
export function emptyLayer(source: string): Layer {
  return { source, flagSets: new Map(), flags: new Map() };
}

/**
 * The layer after its source sent `flagSet`. Unchanged flags stay the same objects; if nothing
 * changed at all, `touched` is empty.
 * @param incremental keep the flags of every flag set that the payload does not speak of.
 */
export function* nextLayer(
  layer: Layer,
  flagSet: FlagSet | PackedFlagSet,
  incremental: boolean,
  preparation: Preparation,
): Steps<NextLayer> {
  const flagSets = new Map<string, Map<string, StoredFlag>>();
  /** How many flags of each flag set are there still. */
  const remaining = new Map<string, number>();
  const touched = new Set<string>();
  const keys = new Set<string>();
  let written = 0;
  let updated = 0;
  let deleted = 0;
  const changes: FlagChange[] = [];
  const note = (key: string, before?: StoredFlag, after?: StoredFlag) => {
    if (changes.length === maxHistory) return;
    const flagSetId = (after ?? before)?.flagSetId;
    changes.push({
      key,
      ...(flagSetId && { flagSetId }),
      before: before?.text,
      after: after?.text,
    });
  };

  for (const content of contents(flagSet, layer.source)) {
    const { key, flagSetId: id = "" } = content;
    const before = layer.flagSets.get(id)?.get(key);
    if (before) remaining.set(id, (remaining.get(id) ?? 0) + 1);
    let flag = before;
    if (!before?.adopt(content)) {
      flag = new StoredFlag(content, layer.source, preparation);
      yield* flag.ready(before);
      note(key, before, flag);
      touched.add(id);
      keys.add(key);
      if (before) updated++;
      else written++;
    }
    const flags = flagSets.get(id) ?? new Map();
    flagSets.set(id, flags.set(key, flag));
    yield;
  }

  const kept = new Map<string, Flags>();
  for (const [id, before] of layer.flagSets) {
    const now = flagSets.get(id);
    if (now === undefined && incremental && id !== flagSet.flagSetId) kept.set(id, before);
    else if (remaining.get(id) !== before.size) {
      for (const [key, flag] of before) {
        yield;
        if (now?.has(key)) continue;
        note(key, flag);
        touched.add(id);
        keys.add(key);
        deleted++;
      }
    }
  }

  const change = { touched, keys, written, updated, deleted, changes };
  if (touched.size === 0) return { layer, ...change };
  const all = new Map([...flagSets, ...kept].sort(([a], [b]) => compareBytes(a, b)));
  const flags = yield* overlaid([...all.values()]);
  return { layer: { source: layer.source, flagSets: all, flags }, ...change };
}

/** All that a source defines, in a form that threads can share. */
export function packLayer({ flagSets }: Layer): Steps<PackedFlagSet> {
  const flags = [...flagSets.values()].flatMap((table) => [...table.values()]);
  return packing(flags, ({ text }) => text);
}

/** Each flag once, the last of several, in byte order of key, then flag set. */
function contents(flagSet: FlagSet | PackedFlagSet, source: string): Iterable<FlagContent> {
  if ("bytes" in flagSet) return unpack(flagSet);
  return inOrder(flagSet.flags).map((definition) => new DefinedFlag(definition, source));
}

function inOrder(flags: readonly FlagDefinition[]): readonly FlagDefinition[] {
  const sorted = flags.toSorted(compareFlags);
  return sorted.filter((flag, i) => {
    const next = sorted[i + 1];
    return next === undefined || compareFlags(flag, next) !== 0;
  });
}
