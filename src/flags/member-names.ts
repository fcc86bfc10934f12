import type { JsonObject } from "../core/json.ts";
import { nearest } from "../core/nearest.ts";
import { type Findings, type Path, quote } from "./findings.ts";

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

/** Names that are by custom not for the program that reads a document. */
const remark = /^(?:[$_/]|x-|comment|description)/i;

/**
 * Warns of members that differ from a known one only in case, or are nearly one that is missing: they are
 * ignored, surely unmeant. What else is unknown is only mentioned.
 */
export function checkMembers(
  object: JsonObject,
  known: MemberNames,
  path: Path,
  { warnings, information }: Pick<Findings, "warnings" | "information">,
): void {
  for (const name of Object.keys(object)) {
    if (known.exact.has(name)) continue;
    const right = known.byLowerCase.get(name.toLowerCase());
    if (right !== undefined) {
      const reason = `this member is ignored, rename it to ${quote(right)}`;
      warnings.add("member-case", [...path, name], reason);
      continue;
    }
    const guess = nearest(name, known.exact);
    if (guess !== undefined && !Object.hasOwn(object, guess)) {
      const reason = `this member is ignored (did you mean ${quote(guess)}?)`;
      warnings.add("misspelt-member", [...path, name], reason);
    } else if (information && !remark.test(name)) {
      const reason = `${quote(name)} has no meaning here and is ignored: facts about a flag belong to "metadata"`;
      information.add("ignored-member", [...path, name], reason);
    }
  }
}
