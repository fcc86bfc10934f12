import { isArray, isContainer, isObject, type Json } from "../../core/json.ts";
import { operators } from "../operators/table.ts";
import { grant } from "./budget.ts";
import { compileRule } from "./compile.ts";
import { truthy } from "./conversion.ts";

/** Operators whose result does not follow from their arguments. */
const dependent: ReadonlySet<string> = new Set(["var", "missing", "missing_some", "fractional"]);
/** Longer rules are not computed just to know whether they are constant. */
const maxParts = 200;
const steps = 10_000;

/** Whether a condition holds, if it does so for every context or for none. */
export function constantTruth(condition: Json): boolean | undefined {
  if (!isContainer(condition)) return truthy(condition);
  if (isIndependent(condition, { left: maxParts })) {
    try {
      grant(steps);
      const { run } = compileRule(condition, { flagKey: "", fractional: "v2", report() {} });
      return truthy(run({}));
    } catch {
      return undefined;
    }
  }
  if (!isObject(condition)) return undefined;
  const [name = ""] = Object.keys(condition);
  const operand = condition[name] ?? null;
  const args = isArray(operand) ? operand : [operand];
  if (name === "and" && args.some((arg) => constantTruth(arg) === false)) return false;
  if (name === "or" && args.some((arg) => constantTruth(arg) === true)) return true;
  const [, haystack] = args;
  if (name === "in" && (haystack === "" || (isArray(haystack) && haystack.length === 0)))
    return false;
  return undefined;
}

function isIndependent(rule: Json, parts: { left: number }): boolean {
  if (!isContainer(rule)) return true;
  if (--parts.left < 0) return false;
  if (isArray(rule)) {
    return rule.length <= maxParts && rule.every((element) => isIndependent(element, parts));
  }
  const operation = rule as Record<string, Json>;
  const names = Object.keys(operation);
  const [name] = names;
  if (name === undefined || names.length > 1) return true;
  if (!operators.has(name) || dependent.has(name)) return false;
  return isIndependent(operation[name] ?? null, parts);
}
