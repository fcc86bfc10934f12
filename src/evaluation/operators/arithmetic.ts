import { isCostly } from "../rule/budget.ts";
import { primitive, textOf } from "../rule/conversion.ts";
import { any, eager, type Operator } from "./operator.ts";

/** `parseFloat` of the value's text; adding 0 is what that does to a number (-0 becomes 0). */
function parsed(value: unknown): number {
  return typeof value === "number" ? value + 0 : Number.parseFloat(textOf(value));
}

/** JavaScript's conversion, which the operators below leave to it for all that is short. */
function number(value: unknown): number {
  return (isCostly(value) ? Number(primitive(value)) : value) as number;
}

function sum(args: readonly unknown[]): number {
  let total = 0;
  for (const arg of args) total += parsed(arg);
  return total;
}

/** One factor alone is handed through as it is, as json-logic-js does. */
function product(args: readonly unknown[]): unknown {
  if (args.length === 0) throw new Error("* needs at least one argument");
  return args.reduce((a, b) => parsed(a) * parsed(b));
}

const numbers = { args: ["number"], evaluates: "all" } as const;

export const arithmeticOperators: readonly Operator[] = [
  {
    ...numbers,
    name: "+",
    arity: [1, any],
    doc: "the sum; of one argument alone: its number",
    example: { "+": [{ var: "visits" }, 1] },
    compile: eager(sum),
  },
  {
    ...numbers,
    name: "-",
    arity: [1, 2],
    doc: "the difference; of one argument alone: its negative",
    example: { "-": [{ var: "limit" }, { var: "used" }] },
    compile: eager(([a, b]) => (b === undefined ? -number(a) : number(a) - number(b))),
  },
  {
    ...numbers,
    name: "*",
    arity: [1, any],
    doc: "the product",
    example: { "*": [{ var: "price" }, { var: "quantity" }] },
    compile: eager(product),
  },
  {
    ...numbers,
    name: "/",
    arity: [2, 2],
    doc: "the quotient",
    example: { "/": [{ var: "total" }, { var: "seats" }] },
    compile: eager(([a, b]) => number(a) / number(b)),
  },
  {
    ...numbers,
    name: "%",
    arity: [2, 2],
    doc: "the remainder, with the sign of the first argument",
    example: { "%": [{ var: "accountId" }, 10] },
    compile: eager(([a, b]) => number(a) % number(b)),
  },
  {
    ...numbers,
    name: "min",
    arity: [1, any],
    doc: "the smallest of the numbers",
    example: { min: [{ var: "seats" }, 100] },
    compile: eager((args) => Math.min(...args.map(number))),
  },
  {
    ...numbers,
    name: "max",
    arity: [1, any],
    doc: "the largest of the numbers",
    example: { max: [{ var: "seats" }, 1] },
    compile: eager((args) => Math.max(...args.map(number))),
  },
];
