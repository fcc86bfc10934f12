import type { Steps } from "../core/turns.ts";
import { type Difference, differences, type FlagChange } from "./diff.ts";

/** What happened to one flag of one source. */
export interface PastChange {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly source: string;
  readonly flag: string;
  /** `""` for none. */
  readonly flagSetId: string;
  readonly kind: "added" | "changed" | "removed";
  /** Of an added or removed flag one, with the path `""`. None: the flag is too large to be compared. */
  readonly differences: readonly PastDifference[];
  /** Differences beyond those. */
  readonly more: number;
}

/** What one payload of a source changed. */
export interface ChangeRecord {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly source: string;
  /** Those that are kept. */
  readonly changes: readonly PastChange[];
  /** Also those that are not. */
  readonly total: number;
}

/** One value that differs, as JSON; of long values the beginning. */
interface PastDifference {
  readonly path: string;
  /** Undefined: there was, or is, none. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Changes that are kept. */
export const maxHistory = 200;
/** Differences of one change that are kept. */
const maxDifferences = 20;
/** Characters of a path or a value that are kept. */
const maxText = 1_000;
/** Characters of a flag, before and after, beyond which it is not compared. */
const maxCompared = 64 << 10;

/** The last changes of the flags. What it keeps is bounded, however large flags and changes are. */
export class History {
  readonly #changes: PastChange[] = [];
  readonly #listeners = new Set<(record: ChangeRecord) => void>();

  constructor(private readonly now: () => number = Date.now) {}

  /** The latest first. */
  get changes(): readonly PastChange[] {
    return this.#changes.toReversed();
  }

  /** Calls `listener` after each payload that changed something. Returns what ends that. */
  subscribe(listener: (record: ChangeRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  *record(source: string, changes: readonly FlagChange[]): Steps<void> {
    if (changes.length === 0) return;
    const time = this.now();
    const made: PastChange[] = [];
    for (const change of changes.slice(0, maxHistory)) {
      yield;
      const { key, flagSetId = "" } = change;
      made.push({ time, source, flag: key, flagSetId, ...compared(change) });
    }
    this.#changes.push(...made);
    this.#changes.splice(0, Math.max(0, this.#changes.length - maxHistory));
    const record = { time, source, changes: made, total: changes.length };
    for (const listener of this.#listeners) listener(record);
  }
}

type Compared = Pick<PastChange, "kind" | "differences" | "more">;

function compared({ before, after }: FlagChange): Compared {
  if (before === undefined || after === undefined) {
    const kind = before === undefined ? "added" : "removed";
    return { kind, differences: [{ path: "", before: cut(before), after: cut(after) }], more: 0 };
  }
  if (before.length + after.length > maxCompared) {
    return { kind: "changed", differences: [], more: 0 };
  }
  const all = differences(JSON.parse(before), JSON.parse(after));
  return {
    kind: "changed",
    differences: all.slice(0, maxDifferences).map(written),
    more: Math.max(0, all.length - maxDifferences),
  };
}

function written({ path, before, after }: Difference): PastDifference {
  const json = (value: Difference["before"]) =>
    value === undefined ? undefined : cut(JSON.stringify(value));
  return { path: cut(path), before: json(before), after: json(after) };
}

function cut(text: string): string;
function cut(text: string | undefined): string | undefined;
function cut(text: string | undefined): string | undefined {
  if (text === undefined || text.length <= maxText) return text;
  return `${text.slice(0, maxText)}…`.toWellFormed();
}
