import {
  afterSpare,
  argumentsOf,
  type Expression,
  type Node,
  type Operator,
  type Scope,
} from "../expression.ts";
import { truthy } from "../truthy.ts";

type Comparable = number;

/** An operator of two arguments; absent ones are undefined. */
function binary(make: (a: Expression, b: Expression) => Expression): Operator {
  return (operand, scope) => {
    const { first, second, spare } = operands(operand, scope);
    return afterSpare(make(first.run, second.run), spare);
  };
}

/** An operator of two arguments that is "between" when given a third. */
function between(
  make: (a: Expression, b: Expression) => Expression,
  holds: (a: unknown, b: unknown) => boolean,
): Operator {
  return (operand, scope) => {
    const { first, second, spare } = operands(operand, scope);
    const [third, ...rest] = spare;
    if (third === undefined) return make(first.run, second.run);
    const expression: Expression = (data) => {
      const a = first.run(data);
      const b = second.run(data);
      const c = third.run(data);
      return holds(a, b) && (c === undefined || holds(b, c));
    };
    return afterSpare(expression, rest);
  };
}

function unary(make: (a: Expression) => Expression): Operator {
  return (operand, scope) => {
    const { first, second, spare } = operands(operand, scope);
    return afterSpare(make(first.run), [second, ...spare]);
  };
}

function operands(
  operand: Parameters<Operator>[0],
  scope: Scope,
): { first: Node; second: Node; spare: readonly Node[] } {
  const [first, second, ...spare] = argumentsOf(operand);
  return {
    first: scope.compile(first),
    second: scope.compile(second),
    spare: spare.map((rule) => scope.compile(rule)),
  };
}

// The conversions of JavaScript's operators are JsonLogic's; the types here only let them happen.
const less = (a: unknown, b: unknown) => (a as Comparable) < (b as Comparable);
const lessOrEqual = (a: unknown, b: unknown) => (a as Comparable) <= (b as Comparable);

export const comparison: Record<string, Operator> = {
  // biome-ignore lint/suspicious/noDoubleEquals: JsonLogic's == is JavaScript's
  "==": binary((a, b) => (data) => a(data) == b(data)),
  // biome-ignore lint/suspicious/noDoubleEquals: JsonLogic's != is JavaScript's
  "!=": binary((a, b) => (data) => a(data) != b(data)),
  "===": binary((a, b) => (data) => a(data) === b(data)),
  "!==": binary((a, b) => (data) => a(data) !== b(data)),
  ">": binary((a, b) => (data) => (a(data) as Comparable) > (b(data) as Comparable)),
  ">=": binary((a, b) => (data) => (a(data) as Comparable) >= (b(data) as Comparable)),
  "<": between((a, b) => (data) => (a(data) as Comparable) < (b(data) as Comparable), less),
  "<=": between(
    (a, b) => (data) => (a(data) as Comparable) <= (b(data) as Comparable),
    lessOrEqual,
  ),
  "!": unary((a) => (data) => !truthy(a(data))),
  "!!": unary((a) => (data) => truthy(a(data))),
};
