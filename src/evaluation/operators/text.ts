import { chargeText } from "../rule/budget.ts";
import { textOf } from "../rule/conversion.ts";
import { any, eager, type Operator } from "./operator.ts";

/** null and undefined are empty, everything else is its text. */
function concatenate(args: readonly unknown[]): string {
  let text = "";
  for (const arg of args) if (arg !== null && arg !== undefined) text += textOf(arg);
  chargeText(text.length);
  return text;
}

/** `length` counts from `start`, or back from the end if it is negative (as in PHP). */
function substring(source: unknown, start: unknown, length: unknown): string {
  const tail = textOf(source).slice(integer(start));
  if (length === undefined) return tail;
  if (!((length as number) < 0)) return tail.slice(0, integer(length));
  // json-logic-js adds: a negative length that is not a number makes text, which is no length.
  const kept = typeof length === "number" ? integer(tail.length + length) : 0;
  return tail.slice(0, Math.max(0, kept));
}

/** NaN is 0. */
function integer(value: unknown): number {
  return Math.trunc(Number(value)) || 0;
}

export const textOperators: readonly Operator[] = [
  {
    name: "cat",
    arity: [0, any],
    args: ["any"],
    evaluates: "all",
    doc: "the texts of all arguments, one after the other",
    example: { cat: [{ var: "country" }, "-", { var: "plan" }] },
    compile: eager(concatenate),
  },
  {
    name: "substr",
    arity: [2, 3],
    args: ["any", "number", "number"],
    evaluates: "all",
    doc: "the part of a text from a place on, counted from 0 or, if negative, from the end; the third argument is its length",
    example: { substr: [{ var: "postcode" }, 0, 2] },
    compile: eager(([source, start, length]) => substring(source, start, length)),
  },
];
