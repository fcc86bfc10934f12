import { argumentsOf, type Operator, sequence } from "../expression.ts";

/** An operator that works on its evaluated arguments. */
export function eager(apply: (args: unknown[]) => unknown): Operator {
  return (operand, scope) => {
    const args = sequence(argumentsOf(operand).map((rule) => scope.compile(rule)));
    return (data) => apply(args(data));
  };
}
