import type { Operator } from "../expression.ts";
import { eager } from "./eager.ts";

/** `parseFloat` of the value's text; adding 0 is what that does to a number (-0 becomes 0). */
function parsed(value: unknown): number {
  return typeof value === "number" ? value + 0 : Number.parseFloat(String(value));
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

// The types below only let JavaScript's conversions happen, which are JsonLogic's.
export const arithmetic: Record<string, Operator> = {
  "+": eager(sum),
  "*": eager(product),
  "-": eager(([a, b]) => (b === undefined ? -(a as number) : (a as number) - (b as number))),
  "/": eager(([a, b]) => (a as number) / (b as number)),
  "%": eager(([a, b]) => (a as number) % (b as number)),
  min: eager((args) => Math.min(...(args as number[]))),
  max: eager((args) => Math.max(...(args as number[]))),
};
