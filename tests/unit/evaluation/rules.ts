import type { Json, JsonObject } from "../../../src/core/json.ts";
import type { FractionalVersion } from "../../../src/evaluation/operators/fractional/fractional.ts";
import { evaluationLimits, grant } from "../../../src/evaluation/rule/budget.ts";
import { compileRule } from "../../../src/evaluation/rule/compile.ts";
import type { Severity } from "../../../src/evaluation/rule/expression.ts";

export interface Run {
  readonly result: unknown;
  readonly reports: readonly { readonly severity: Severity; readonly message: string }[];
}

/** Compiles a rule and runs it once on its own copy of the data, with `$flagd` added. */
export function runRule(
  rule: Json,
  data: JsonObject,
  flagKey = "f",
  fractional: FractionalVersion = "v2",
): Run {
  const reports: { severity: Severity; message: string }[] = [];
  const { run } = compileRule(rule, {
    flagKey,
    fractional,
    report: (severity, message) => reports.push({ severity, message }),
  });
  grant(evaluationLimits.steps);
  const result = run({ ...data, $flagd: { flagKey, timestamp: 1 } });
  return { result, reports };
}
