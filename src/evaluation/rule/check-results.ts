import { isArray, isContainer, isObject, type Json, type JsonObject } from "../../core/json.ts";
import { quote } from "../../core/message-text.ts";
import { didYouMean } from "../../core/nearest.ts";
import type { RuleUse } from "../../flags/document-schema.ts";
import type { Path } from "../../flags/findings.ts";
import { variantName } from "../variant-name.ts";
import { evaluationLimits, grant } from "./budget.ts";
import { type Result, type Results, ResultsOfRule } from "./results.ts";

/** Checks what a rule can return against the variants of its flag, and whether all of it can be reached. */
export function checkResults(rule: JsonObject, path: Path, use: RuleUse): void {
  const { shared, flag, warnings, information } = use;
  const isShared = shared.has(rule);
  const size = sizeOf(rule, shared);
  const { operations } = evaluationLimits;
  if (size > operations) {
    const reason = `the rule has more than ${operations} operations and lists, so that evaluating it fails with PARSE_ERROR: use "in" with a list instead of many comparisons`;
    warnings.add("large-rule", path, reason);
    return;
  }
  const walk = new ResultsOfRule(path, shared, (...found) => warnings.add(...found));
  // The branches of an evaluator are checked at the place where it is defined.
  const results = isShared && flag ? walk.of(rule) : walk.operation(rule);
  if (flag === undefined) return;
  const variants = isObject(flag.variants) ? Object.keys(flag.variants) : [];
  if (variants.length === 0) return;
  grant(evaluationLimits.steps);
  const names = new Set<string>();
  const reported = new Set<Path>();
  for (const result of results.known) {
    if (result.value === null) continue;
    const name = variantName(result.value);
    if (variants.includes(name)) names.add(name);
    else if (!reported.has(result.path)) {
      // Both results of a comparison are one mistake.
      reported.add(result.path);
      warnings.add("unknown-variant", result.path, reasonFor(result, name, variants));
    }
  }
  // A rule without a result always fails, which was said.
  const gives = results.known.length > 0 && !results.open;
  if (information && reported.size === 0 && gives)
    informOfUnused(flag, path, { ...use, information }, names, results);
}

function reasonFor({ value, operator }: Result, name: string, variants: readonly string[]): string {
  const choice = variants.slice(0, 10).map(quote).join(", ");
  const guess = didYouMean(name, variants, quote);
  const shown = quote(isContainer(value) ? JSON.stringify(value) : String(value));
  const what = operator
    ? `the rule can return the ${value} that ${quote(operator)} gives, and there is no variant ${quote(String(value))}`
    : `the rule can return ${shown}, which is no variant${guess}`;
  const advice = operator ? ', by {"if": [condition, variant, null]}' : "";
  return `${what}: evaluating it fails with GENERAL; return one of ${choice}, or null${advice}`;
}

function informOfUnused(
  flag: JsonObject,
  path: Path,
  { information }: Required<Pick<RuleUse, "information">>,
  names: ReadonlySet<string>,
  { known }: Results,
): void {
  const of = path.slice(0, -1);
  const { defaultVariant = null } = flag;
  const standard =
    typeof defaultVariant === "string" && defaultVariant !== "" ? defaultVariant : null;
  const mayBeNull = known.some(({ value }) => value === null);
  for (const name of Object.keys(flag.variants ?? {})) {
    if (names.has(name) || name === standard) continue;
    const reason = `neither the rule nor the default can give ${quote(name)}`;
    information?.add("unused-variant", [...of, "variants", name], reason);
  }
  if (standard !== null && !mayBeNull) {
    const reason = `the rule always decides, so the default ${quote(standard)} is never used: write null if it is meant`;
    information?.add("unused-default", [...of, "defaultVariant"], reason);
  }
  const [name, ...others] = names;
  const isSame = name !== undefined && others.length === 0 && (!mayBeNull || name === standard);
  if (isSame) {
    const reason = `the rule gives ${quote(name)} to everybody: it has no effect`;
    information?.add("no-effect", path, reason);
  }
}

/** Operations and lists, references replaced, as the compiler counts them; of evaluators once. */
function sizeOf(rule: Json, shared: ReadonlySet<object>): number {
  if (!isContainer(rule)) return 0;
  const isShared = shared.has(rule);
  const known = isShared ? sizes.get(rule) : undefined;
  if (known !== undefined) return known;
  let size = 1;
  if (isArray(rule)) size += sizeOfItems(rule, shared);
  else {
    for (const name in rule) {
      const member = (rule as JsonObject)[name] ?? null;
      // The list of arguments is no list of its own.
      size += isArray(member) ? sizeOfItems(member, shared) : sizeOf(member, shared);
    }
  }
  if (isShared) sizes.set(rule, size);
  return size;
}

function sizeOfItems(items: readonly Json[], shared: ReadonlySet<object>): number {
  let size = 0;
  for (let i = 0; i < items.length; i++) size += sizeOf(items[i] ?? null, shared);
  return size;
}

const sizes = new WeakMap<object, number>();
