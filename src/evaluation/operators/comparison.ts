import type { Json } from "../../core/json.ts";
import { chargeText, isCostly } from "../rule/budget.ts";
import { looselyEqual, primitive, truthy } from "../rule/conversion.ts";
import {
  afterSpare,
  argumentsOf,
  type Expression,
  type Node,
  type Scope,
} from "../rule/expression.ts";
import type { Operator } from "./operator.ts";

type Compile = Operator["compile"];
type Relation = (a: unknown, b: unknown) => boolean;

/** An operator of two arguments; absent ones are undefined. */
function binary(make: (a: Expression, b: Expression) => Expression): Compile {
  return (operand, scope) => {
    const { first, second, spare } = operands(operand, scope);
    return afterSpare(make(first.run, second.run), spare);
  };
}

/** An operator of two arguments that are most often an attribute and a short constant. */
function equality(
  withConstant: (a: Expression, value: unknown) => Expression,
  make: (a: Expression, b: Expression) => Expression,
): Compile {
  return (operand, scope) => {
    const { first, second, spare } = operands(operand, scope);
    const { constant } = second;
    const isShort = constant !== undefined && !isCostly(constant.value);
    return afterSpare(
      isShort ? withConstant(first.run, constant.value) : make(first.run, second.run),
      spare,
    );
  };
}

/** An operator of two arguments that is "between" when given a third. */
function between(make: (a: Expression, b: Expression) => Expression, holds: Relation): Compile {
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

function unary(make: (a: Expression) => Expression): Compile {
  return (operand, scope) => {
    const { first, second, spare } = operands(operand, scope);
    return afterSpare(make(first.run), [second, ...spare]);
  };
}

function operands(
  operand: Json,
  scope: Scope,
): { first: Node; second: Node; spare: readonly Node[] } {
  const [first, second, ...spare] = argumentsOf(operand);
  return {
    first: scope.compile(first),
    second: scope.compile(second),
    spare: spare.map((rule) => scope.compile(rule)),
  };
}

// The conversions of JavaScript's operators are JsonLogic's; the types here only let them happen. What is
// short is compared where it is found, all else in one of these functions.
const loose: Relation = (a, b) =>
  // biome-ignore lint/suspicious/noDoubleEquals: JsonLogic's == is JavaScript's
  isCostly(a) || isCostly(b) ? looselyEqual(a, b) : a == b;
const strict: Relation = (a, b) => {
  if (typeof a === "string" && typeof b === "string" && a.length === b.length) chargeText(a.length);
  return a === b;
};
const less: Relation = (a, b) =>
  isCostly(a) || isCostly(b)
    ? (primitive(a) as number) < (primitive(b) as number)
    : (a as number) < (b as number);
const lessOrEqual: Relation = (a, b) =>
  isCostly(a) || isCostly(b)
    ? (primitive(a) as number) <= (primitive(b) as number)
    : (a as number) <= (b as number);

const two = { arity: [2, 2], args: ["any"], evaluates: "all", gives: [true, false] } as const;
const twoOrThree = { ...two, arity: [2, 3] } as const;
const one = { ...two, arity: [1, 1] } as const;

export const comparisonOperators: readonly Operator[] = [
  {
    ...two,
    name: "==",
    doc: 'whether both are equal after conversion, as in JavaScript: `1` and `"1"` are',
    example: { "==": [{ var: "plan" }, "pro"] },
    compile: equality(
      (a, value) => (data) => {
        const found = a(data);
        // biome-ignore lint/suspicious/noDoubleEquals: JsonLogic's == is JavaScript's
        return typeof found === "object" ? loose(found, value) : found == value;
      },
      (a, b) => (data) => loose(a(data), b(data)),
    ),
  },
  {
    ...two,
    name: "!=",
    doc: "the opposite of `==`",
    example: { "!=": [{ var: "plan" }, "free"] },
    compile: equality(
      (a, value) => (data) => {
        const found = a(data);
        // biome-ignore lint/suspicious/noDoubleEquals: JsonLogic's != is JavaScript's
        return typeof found === "object" ? !loose(found, value) : found != value;
      },
      (a, b) => (data) => !loose(a(data), b(data)),
    ),
  },
  {
    ...two,
    name: "===",
    doc: "whether both are equal and of one type",
    example: { "===": [{ var: "beta" }, true] },
    compile: equality(
      (a, value) => (data) => a(data) === value,
      (a, b) => (data) => strict(a(data), b(data)),
    ),
  },
  {
    ...two,
    name: "!==",
    doc: "the opposite of `===`",
    example: { "!==": [{ var: "beta" }, true] },
    compile: equality(
      (a, value) => (data) => a(data) !== value,
      (a, b) => (data) => !strict(a(data), b(data)),
    ),
  },
  {
    ...two,
    name: ">",
    doc: "whether the first is greater: numbers by value, two texts by their characters",
    example: { ">": [{ var: "age" }, 17] },
    compile: binary((a, b) => (data) => {
      const x = a(data);
      const y = b(data);
      return typeof x === "number" && typeof y === "number" ? x > y : less(y, x);
    }),
  },
  {
    ...two,
    name: ">=",
    doc: "whether the first is greater or equal",
    example: { ">=": [{ var: "age" }, 18] },
    compile: binary((a, b) => (data) => {
      const x = a(data);
      const y = b(data);
      return typeof x === "number" && typeof y === "number" ? x >= y : lessOrEqual(y, x);
    }),
  },
  {
    ...twoOrThree,
    name: "<",
    doc: "whether the first is less; of three: whether the second lies between the others",
    example: { "<": [0, { var: "age" }, 18] },
    compile: between(
      (a, b) => (data) => {
        const x = a(data);
        const y = b(data);
        return typeof x === "number" && typeof y === "number" ? x < y : less(x, y);
      },
      less,
    ),
  },
  {
    ...twoOrThree,
    name: "<=",
    doc: "whether the first is less or equal; of three: between, the ends included",
    example: { "<=": [1, { var: "seats" }, 10] },
    compile: between(
      (a, b) => (data) => {
        const x = a(data);
        const y = b(data);
        return typeof x === "number" && typeof y === "number" ? x <= y : lessOrEqual(x, y);
      },
      lessOrEqual,
    ),
  },
  {
    ...one,
    name: "!",
    doc: "whether it is false, null, 0, or an empty text or list",
    example: { "!": [{ var: "email" }] },
    compile: unary((a) => (data) => !truthy(a(data))),
  },
  {
    ...one,
    name: "!!",
    doc: "the opposite of `!`",
    example: { "!!": [{ var: "email" }] },
    compile: unary((a) => (data) => truthy(a(data))),
  },
];
