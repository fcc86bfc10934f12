import type { Json, JsonObject } from "../../../src/core/json.ts";
import { compileRule } from "../../../src/evaluation/jsonlogic/compile.ts";
import type { Severity } from "../../../src/evaluation/jsonlogic/expression.ts";
import { jsonLogicOperators } from "../../../src/evaluation/jsonlogic/operators/index.ts";
import { customOperations } from "../../../src/evaluation/operations/index.ts";

const operators = new Map([...jsonLogicOperators, ...customOperations]);

export interface Run {
  readonly result: unknown;
  readonly reports: readonly { readonly severity: Severity; readonly message: string }[];
}

/** Compiles a rule and runs it once on its own copy of the data, with `$flagd` added. */
export function runRule(rule: Json, data: JsonObject, flagKey = "f"): Run {
  const reports: { severity: Severity; message: string }[] = [];
  const { run } = compileRule(rule, {
    flagKey,
    operators,
    report: (severity, message) => reports.push({ severity, message }),
  });
  const result = run({ ...data, $flagd: { flagKey, timestamp: 1 } });
  return { result, reports };
}
