import type { JsonObject } from "../core/json.ts";
import { type FindingList, type Path, quote } from "./findings.ts";

/** The members that one kind of object has a meaning for. */
export interface MemberNames {
  readonly exact: ReadonlySet<string>;
  readonly byLowerCase: ReadonlyMap<string, string>;
}

export function memberNames(...names: readonly string[]): MemberNames {
  return {
    exact: new Set(names),
    byLowerCase: new Map(names.map((name) => [name.toLowerCase(), name])),
  };
}

/** Warns of members that differ from a known one only in case: they are ignored, surely unmeant. */
export function warnOfOtherCase(
  object: JsonObject,
  known: MemberNames,
  path: Path,
  warnings: FindingList,
): void {
  for (const name of Object.keys(object)) {
    if (known.exact.has(name)) continue;
    const right = known.byLowerCase.get(name.toLowerCase());
    if (right === undefined) continue;
    warnings.add([...path, name], `this member is ignored, rename it to ${quote(right)}`);
  }
}
