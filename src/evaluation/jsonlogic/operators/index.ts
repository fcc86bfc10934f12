import type { Operator } from "../expression.ts";
import { arithmetic } from "./arithmetic.ts";
import { comparison } from "./comparison.ts";
import { data } from "./data.ts";
import { lists } from "./lists.ts";
import { logic } from "./logic.ts";
import { text } from "./text.ts";

/** The operators of json-logic-js by name, except `log`: a daemon's rules print nothing. */
export const jsonLogicOperators: ReadonlyMap<string, Operator> = new Map(
  [comparison, logic, arithmetic, text, data, lists].flatMap((operators) =>
    Object.entries(operators),
  ),
);
