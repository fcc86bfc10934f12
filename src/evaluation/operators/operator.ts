import type { Json } from "../../core/json.ts";
import { shorten } from "../../core/message-text.ts";
import {
  argumentsOf,
  type Expression,
  type Node,
  type Scope,
  sequence,
} from "../rule/expression.ts";

/**
 * What an argument is, as far as a rule can be checked without data. `any` and `list` take everything that
 * JsonLogic converts, `rule` runs on the elements of a list.
 */
type ArgumentType = "any" | "text" | "number" | "list" | "rule" | "path" | "arm";

/** Which arguments are evaluated: all, only those needed, or the rule once for each element. */
type Evaluation = "all" | "needed" | "elements";

/** One operator: all that compiling, checking and the documentation know of it. */
export interface Operator {
  readonly name: string;
  /** How many arguments it takes at least and at most. Others are evaluated too, but are surely a mistake. */
  readonly arity: readonly [min: number, max: number];
  /** Of each argument by its place; the last one stands for all that follow. */
  readonly args: readonly ArgumentType[];
  readonly evaluates: Evaluation;
  /** What it can return, if that is one of few things. */
  readonly gives?: readonly (boolean | null)[];
  /** Which of its arguments it returns, if its result is one of them. */
  readonly picks?: "branch" | "first falsy" | "first truthy" | "arm";
  /** True: its result depends on the context, also if its arguments are the same. */
  readonly readsContext?: true;
  /** What it returns, as a phrase. */
  readonly doc: string;
  /** A rule that uses it. */
  readonly example: Json;
  /** Tells what is wrong with arguments as they are written, beyond their number and types. */
  readonly check?: (args: readonly Json[], problem: ReportProblem) => void;
  /** Compiles one operation; `operand` is what stands beside the operator's name. */
  readonly compile: (operand: Json, scope: Scope) => Expression | Node;
}

/** @param argument the place of the argument that is wrong; undefined: the operation as a whole is */
type ReportProblem = (
  reason: string,
  argument?: number,
  code?: "argument" | "no-version" | "no-weight",
) => void;

export const any = Number.POSITIVE_INFINITY;

/** Compiles an operator that works on its evaluated arguments. */
export function eager(apply: (args: unknown[]) => unknown): Operator["compile"] {
  return (operand, scope) => {
    const args = sequence(argumentsOf(operand).map((rule) => scope.compile(rule)));
    return (data) => apply(args(data));
  };
}

/**
 * Reports that a client sent no value, or one of another kind, for the attribute that an argument reads:
 * that is everyday life, no mistake of the rule.
 * @param wanted `a text`, …
 * @returns false if the argument does not simply read an attribute, so that nothing was reported
 */
export function unusable(
  scope: Scope,
  operator: string,
  wanted: string,
  argument: Node | undefined,
  found: unknown,
): boolean {
  if (argument?.attribute === undefined) return false;
  const attribute = JSON.stringify(shorten(argument.attribute));
  const flag = JSON.stringify(scope.flagKey);
  scope.report(
    "info",
    found === undefined || found === null
      ? `flag ${flag}: the context has no attribute ${attribute}, so ${operator} gives null`
      : `flag ${flag}: the attribute ${attribute} is not ${wanted}, so ${operator} gives null`,
  );
  return true;
}
