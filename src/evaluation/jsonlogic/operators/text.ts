import type { Operator } from "../expression.ts";
import { eager } from "./eager.ts";

/** `length` counts from `start`, or back from the end where it is negative (as in PHP). */
function substring(source: unknown, start: unknown, length: unknown): string {
  const tail = String(source).slice(integer(Number(start)));
  if (length === undefined) return tail;
  if (!((length as number) < 0)) return tail.slice(0, integer(Number(length)));
  // json-logic-js adds: a negative length that is not a number makes text, which is no length.
  const kept = typeof length === "number" ? integer(tail.length + length) : 0;
  return tail.slice(0, Math.max(0, kept));
}

/** NaN is 0. */
function integer(value: number): number {
  return Math.trunc(value) || 0;
}

export const text: Record<string, Operator> = {
  // join() is exactly this operator: null and undefined are empty, everything else is its text.
  cat: eager((args) => args.join("")),
  substr: eager(([source, start, length]) => substring(source, start, length)),
};
