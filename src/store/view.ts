import type { JsonObject } from "../core/json.ts";
import type { Steps } from "../core/turns.ts";
import type { Memo } from "../evaluation/memo.ts";
import type { PreparedFlag } from "../evaluation/resolve.ts";

/** Which flags a caller sees; without members: all. */
export interface Selector {
  /** `""` selects the flags without a flag set. */
  readonly flagSetId?: string;
  readonly source?: string;
}

/** What one selector sees of one snapshot. Immutable. */
export interface View {
  /** One flag a key: the winner by priority. */
  readonly flags: Pick<ReadonlyMap<string, PreparedFlag>, "get">;
  /** There are no more; what several sources define counts as several. */
  readonly maxFlags: number;
  /** The same flags in byte order of their keys, made at the first use. */
  ordered(): Steps<readonly PreparedFlag[]>;
  /** The selector as answers repeat it: `{"flagSetId": …}`, `{"source": …}` or `{}`. */
  readonly reflection: JsonObject;
  /** Made of so much that services should make what they need of it in slices. */
  readonly isLarge: boolean;
  /** The flag document sent to sync clients, made at the first use. */
  readonly syncPayload: string;
  /** The same as UTF-8, in parts that follow one another. */
  syncParts(): Steps<readonly Uint8Array[]>;
  readonly memo: Memo;
}

/** Everything known at one moment. Immutable; a change makes a new one. */
export interface Snapshot {
  view(selector: Selector): View;
}

/** What a change did to the flags that one selector sees, by flag key; empty: nothing. */
export type FlagChanges = ReadonlyMap<string, "write" | "update" | "delete">;

/** What services need of the store. */
export interface SnapshotSource {
  readonly snapshot: Snapshot;
  /** Calls `listener` after each change that `selector` sees. Returns what ends the subscription. */
  subscribe(selector: Selector, listener: (changes: FlagChanges, view: View) => void): () => void;
}
