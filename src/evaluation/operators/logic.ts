import { truthy } from "../rule/conversion.ts";
import { argumentsOf, type Expression, literal } from "../rule/expression.ts";
import { any, type Operator } from "./operator.ts";

/** Pairs of condition and result, then a result for everything else; only what is needed runs. */
const conditional: Operator["compile"] = (operand, scope) => {
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
function firstOrLast(stop: boolean): Operator["compile"] {
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

const lazy = { args: ["any"], evaluates: "needed" } as const;
const choice = { ...lazy, arity: [2, any], picks: "branch", compile: conditional } as const;

export const logicOperators: readonly Operator[] = [
  {
    ...choice,
    name: "if",
    doc: "the result behind the first condition that holds, else the last argument, else null",
    example: { if: [{ ">=": [{ var: "age" }, 18] }, "adult", "minor"] },
  },
  {
    ...choice,
    name: "?:",
    doc: "the same as `if`",
    example: { "?:": [{ var: "beta" }, "new", "old"] },
  },
  {
    ...lazy,
    name: "and",
    picks: "first falsy",
    arity: [1, any],
    doc: "the first argument that counts as false, else the last",
    example: { and: [{ var: "beta" }, { "==": [{ var: "plan" }, "pro"] }] },
    compile: firstOrLast(false),
  },
  {
    ...lazy,
    name: "or",
    picks: "first truthy",
    arity: [1, any],
    doc: "the first argument that counts as true, else the last",
    example: { or: [{ var: "staff" }, { "==": [{ var: "plan" }, "pro"] }] },
    compile: firstOrLast(true),
  },
];
