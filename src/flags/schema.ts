import type { Json } from "../core/json.ts";
import { isContainer, isObject, kindOf } from "../core/json.ts";
import { type FindingList, type Path, quote } from "./findings.ts";
import { memberNames, warnOfOtherCase } from "./member-names.ts";

/**
 * Warns of a targeting rule that cannot work as it is written.
 * @param shared parts that are checked elsewhere.
 */
export type CheckTargeting = (
  targeting: Json,
  path: Path,
  shared: ReadonlySet<object>,
  warnings: FindingList,
) => void;

/** The same, for the rules of one document. */
export type CheckRule = (rule: Json, path: Path) => void;

const documentMembers = memberNames("flags", "metadata", "$evaluators", "$schema");
const flagMembers = memberNames(
  "key",
  "state",
  "variants",
  "defaultVariant",
  "targeting",
  "metadata",
);

/** What flagd's JSON Schema asks of a document's own members. Flags load without it, so: warnings. */
export function checkDocument(
  document: Readonly<Record<string, Json>>,
  evaluators: ReadonlyMap<string, Json>,
  checkRule: CheckRule,
  warnings: FindingList,
): void {
  warnOfOtherCase(document, documentMembers, [], warnings);
  if (document.flags === null)
    warnings.add(["flags"], "expected an object or an array, found null");
  for (const [name, body] of evaluators) {
    checkRule(body, ["$evaluators", name]);
  }
}

/**
 * What flagd's JSON Schema asks of a flag beyond what decoding it needs: a state, variants of one
 * type, targeting that is a rule.
 * @param shared evaluators that flags use, checked once by {@link checkDocument}.
 */
export function checkFlag(
  flag: Json,
  path: Path,
  shared: ReadonlySet<object>,
  checkRule: CheckRule,
  warnings: FindingList,
): void {
  if (flag === null) warnings.add(path, "a flag must be an object, found null");
  if (!isObject(flag)) return;
  warnOfOtherCase(flag, flagMembers, path, warnings);
  checkState(flag.state ?? null, path, warnings);
  checkVariants(flag.variants ?? null, path, warnings);
  const { targeting } = flag;
  if (targeting === undefined || (isContainer(targeting) && shared.has(targeting))) return;
  checkRule(targeting, [...path, "targeting"]);
}

function checkState(state: Json, path: Path, warnings: FindingList): void {
  const right = 'write "ENABLED" or "DISABLED"';
  if (state === null) {
    warnings.add(path, `the member "state" is missing, so the flag is enabled: ${right}`);
  } else if (typeof state === "string" && state !== "ENABLED" && state !== "DISABLED") {
    const reason = `unknown state ${quote(state)}, so the flag is enabled: ${right}`;
    warnings.add([...path, "state"], reason);
  }
}

function checkVariants(variants: Json, path: Path, warnings: FindingList): void {
  if (variants === null) warnings.add(path, 'the member "variants" is missing');
  if (!isObject(variants)) return;
  const names = Object.keys(variants);
  const [first] = names;
  const at = [...path, "variants"];
  if (first === undefined) {
    warnings.add(at, "expected at least one variant");
    return;
  }
  const kind = kindOf(variants[first] ?? null);
  for (const name of names) {
    if (name === "") warnings.add(at, "a variant has an empty name");
    const found = kindOf(variants[name] ?? null);
    if (found === "null" || found === "an array") {
      const kinds = "a boolean, a string, a number or an object";
      warnings.add([...at, name], `expected ${kinds}, found ${found}`);
    } else if (found !== kind) {
      const reason = `all variants must have the same type: expected ${kind} as in ${quote(first)}`;
      warnings.add([...at, name], `${reason}, found ${found}`);
    }
  }
}
