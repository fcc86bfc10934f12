import { affixOperators } from "./affix.ts";
import { arithmeticOperators } from "./arithmetic.ts";
import { comparisonOperators } from "./comparison.ts";
import { dataOperators } from "./data.ts";
import { fractional } from "./fractional/fractional.ts";
import { listOperators } from "./lists.ts";
import { logicOperators } from "./logic.ts";
import type { Operator } from "./operator.ts";
import { semVer } from "./sem-ver.ts";
import { textOperators } from "./text.ts";

/** The operators of json-logic-js, except `log`: a daemon's rules print nothing. */
export const jsonLogicOperators: readonly Operator[] = [
  ...dataOperators,
  ...logicOperators,
  ...comparisonOperators,
  ...arithmeticOperators,
  ...textOperators,
  ...listOperators,
];

/** What flagd adds to JsonLogic. */
export const flagdOperators: readonly Operator[] = [fractional, semVer, ...affixOperators];

/** Every operator there is, by name. */
export const operators: ReadonlyMap<string, Operator> = new Map(
  [...jsonLogicOperators, ...flagdOperators].map((operator) => [operator.name, operator]),
);
