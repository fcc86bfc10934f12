import { argumentsOf, type Expression, literal, type Operator } from "../expression.ts";
import { truthy } from "../truthy.ts";

/** Pairs of condition and result, then a result for everything else; only what is needed runs. */
const conditional: Operator = (operand, scope) => {
  const runs = argumentsOf(operand).map((rule) => scope.compile(rule).run);
  const branches: { readonly condition: Expression; readonly result: Expression }[] = [];
  let otherwise: Expression = literal(null).run;
  for (let i = 0; i < runs.length; i += 2) {
    const [condition, result] = runs.slice(i, i + 2);
    if (condition !== undefined && result !== undefined) branches.push({ condition, result });
    else if (condition !== undefined) otherwise = condition;
  }
  const [only] = branches;
  if (only !== undefined && branches.length === 1)
    return (data) => (truthy(only.condition(data)) ? only.result(data) : otherwise(data));
  return (data) => {
    for (const { condition, result } of branches) if (truthy(condition(data))) return result(data);
    return otherwise(data);
  };
};

/** The first argument that is `stop` (truthy or falsy), else the last; none: undefined. */
function firstOrLast(stop: boolean): Operator {
  return (operand, scope) => {
    const runs = argumentsOf(operand).map((rule) => scope.compile(rule).run);
    return (data) => {
      let result: unknown;
      for (const run of runs) {
        result = run(data);
        if (truthy(result) === stop) return result;
      }
      return result;
    };
  };
}

export const logic: Record<string, Operator> = {
  if: conditional,
  "?:": conditional,
  and: firstOrLast(false),
  or: firstOrLast(true),
};
