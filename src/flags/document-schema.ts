import { isObject, type Json, type JsonObject, kindOf } from "../core/json.ts";
import { quote } from "../core/message-text.ts";
import { nearest } from "../core/nearest.ts";
import type { FindingList, Findings, Path } from "./findings.ts";

/** What a rule is checked against. */
export interface RuleUse {
  /** Bodies of evaluators, which are checked by themselves. */
  readonly shared: ReadonlySet<object>;
  /** The flag that the rule decides; undefined: an evaluator's. */
  readonly flag: JsonObject | undefined;
  readonly warnings: FindingList;
  readonly information: FindingList | undefined;
}

/** Warns of a targeting rule that cannot work as it is written. */
export type CheckTargeting = (targeting: Json, path: Path, use: RuleUse) => void;

/** The same, for the rules of one document. */
export type CheckRule = (rule: Json, path: Path, flag: JsonObject | undefined) => void;

type Found = Pick<Findings, "warnings" | "information">;

const documentMembers = memberNames("flags", "metadata", "$evaluators", "$schema");
const flagMembers = memberNames(
  "key",
  "state",
  "variants",
  "defaultVariant",
  "targeting",
  "metadata",
  "source",
);

/** What flagd's JSON Schema asks of a document's own members. Flags load without it, so: warnings. */
export function checkDocument(
  document: JsonObject,
  evaluators: ReadonlyMap<string, Json>,
  checkRule: CheckRule,
  findings: Found,
): void {
  const { warnings } = findings;
  checkMembers(document, documentMembers, [], findings);
  if (document.flags === null)
    warnings.add("null-member", ["flags"], "expected an object or an array, found null");
  else if (isObject(document.flags))
    warnOfSimilarNames(Object.keys(document.flags), "flag", ["flags"], warnings);
  for (const [name, body] of evaluators) {
    checkRule(body, ["$evaluators", name], undefined);
  }
}

/**
 * What flagd's JSON Schema asks of a flag beyond what decoding it needs: a state, variants of one
 * type, targeting that is a rule.
 */
export function checkFlag(flag: Json, path: Path, checkRule: CheckRule, findings: Found): void {
  const { warnings } = findings;
  if (flag === null) warnings.add("null-member", path, "a flag must be an object, found null");
  if (!isObject(flag)) return;
  checkMembers(flag, flagMembers, path, findings);
  checkState(flag.state ?? null, path, warnings);
  checkVariants(flag.variants ?? null, path, findings);
  if (flag.targeting !== undefined) checkRule(flag.targeting, [...path, "targeting"], flag);
}

function checkState(state: Json, path: Path, warnings: FindingList): void {
  const right = 'write "ENABLED" or "DISABLED"';
  if (state === null) {
    const reason = `the member "state" is missing, so the flag is enabled: ${right}`;
    warnings.add("state", path, reason);
  } else if (typeof state === "string" && state !== "ENABLED" && state !== "DISABLED") {
    const reason = `unknown state ${quote(state)}, so the flag is enabled: ${right}`;
    warnings.add("state", [...path, "state"], reason);
  }
}

function checkVariants(variants: Json, path: Path, { warnings, information }: Found): void {
  if (variants === null) warnings.add("no-variants", path, 'the member "variants" is missing');
  if (!isObject(variants)) return;
  const names = Object.keys(variants);
  const [first] = names;
  const at = [...path, "variants"];
  if (first === undefined) {
    warnings.add("no-variants", at, "expected at least one variant");
    return;
  }
  if (names.length > 1) warnOfSimilarNames(names, "variant", at, warnings);
  const kind = kindOf(variants[first] ?? null);
  for (const name of names) {
    if (name === "") warnings.add("no-key", at, "a variant has an empty name");
    const value = variants[name] ?? null;
    const found = kindOf(value);
    if (information && Number.isInteger(value) && (Number(value) | 0) !== value) {
      const reason = `the integer ${value} has more than 32 bits, which evaluating in process in Java fails for with TYPE_MISMATCH: write a string, or put it into an object`;
      information.add("portable-integer", [...at, name], reason);
    }
    if (found === "null" || found === "an array") {
      const kinds = "a boolean, a string, a number or an object";
      warnings.add("variant-type", [...at, name], `expected ${kinds}, found ${found}`);
    } else if (found !== kind) {
      const reason = `all variants must have the same type: expected ${kind} as in ${quote(first)}`;
      warnings.add("variant-type", [...at, name], `${reason}, found ${found}`);
    }
  }
}

/** The members that one kind of object has a meaning for. */
interface MemberNames {
  readonly exact: ReadonlySet<string>;
  readonly byLowerCase: ReadonlyMap<string, string>;
}

function memberNames(...names: readonly string[]): MemberNames {
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
function checkMembers(
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

/** Warns of names that differ only in case from one before. */
function warnOfSimilarNames(
  names: readonly string[],
  what: "flag" | "variant",
  of: Path,
  warnings: FindingList,
): void {
  // Of names without capitals no two are similar.
  if (names.every((name) => name === name.toLowerCase())) return;
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
