import { hasRepeatedMembers, walkJson } from "../core/json-walk.ts";
import { placesOf } from "../core/place.ts";
import type { Steps } from "../core/steps.ts";
import { type FindingList, type Path, quote } from "./findings.ts";

/** Warns of members that an object of a JSON text has twice: parsing keeps only the last one. */
export function* warnOfRepeatedMembers(
  text: string,
  value: unknown,
  warnings: FindingList,
): Steps<void> {
  // Nearly always there are none, which takes a tenth of the time to find out.
  if (!(yield* hasRepeatedMembers(text, value))) return;
  /** Of the objects around, by depth: names and where they stood last. */
  const seen: Map<string, number>[] = [];
  const path: (string | number)[] = [];
  let placeOf: ReturnType<typeof placesOf> | undefined;
  yield* walkJson(text, {
    open(depth) {
      seen[depth] = new Map();
    },
    enter(step, at, depth) {
      path.length = depth - 1;
      path.push(step);
      if (typeof step === "number") return;
      const names = seen[depth];
      const before = names?.get(step);
      names?.set(step, at);
      if (before === undefined) return;
      placeOf ??= placesOf(text);
      const { line, column } = placeOf(before);
      const reason = `${quote(step)} was there before, at line ${line}, column ${column}, and only this one counts: keep one of them`;
      warnings.add("duplicate-member", path, reason, placeOf(at));
    },
  });
}

/** Warns of names that differ only in case from one before. */
export function warnOfSimilarNames(
  names: Iterable<string>,
  what: "flag" | "variant",
  of: Path,
  warnings: FindingList,
): void {
  const seen = new Map<string, string>();
  for (const name of names) {
    const folded = name.toLowerCase();
    const other = seen.get(folded);
    if (other === undefined) seen.set(folded, name);
    else if (other !== name) {
      const reason = `the ${what} ${quote(name)} differs from ${quote(other)} only in case: use one of them, or names that nobody confuses`;
      warnings.add("similar-keys", [...of, name], reason);
    }
  }
}
