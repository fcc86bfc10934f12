import type { Json } from "../../core/json.ts";
import type { Distribution } from "../operators/fractional/distribution.ts";
import type { FractionalVersion } from "../operators/fractional/fractional.ts";

/** A compiled rule: data in, result out. Pure, but may throw, as JavaScript's conversions do. */
export type Expression = (data: unknown) => unknown;

/** A compiled rule, its result if it needs no data, and the attribute if it only reads one. */
export interface Node {
  readonly run: Expression;
  readonly constant: { readonly value: unknown } | undefined;
  /** The path of a `var` whose path is known; undefined for every other rule. */
  readonly attribute: string | undefined;
}

/** `info` is about what one client sent or left out, the others about the rule. */
export type Severity = "debug" | "info" | "warn" | "error";

/** What rules are compiled against: either the request's data or the elements of a list. */
export interface Scope {
  readonly flagKey: string;
  /** How `fractional` computes its buckets. */
  readonly fractional: FractionalVersion;
  /** True if the data is the evaluation context itself, false inside `map`, `filter` and the like. */
  readonly root: boolean;
  /** Operations and lists that were compiled so far. */
  readonly operations: number;
  /** Of a rule; `undefined` stands for an absent argument, as in json-logic-js. */
  compile(rule: Json | undefined): Node;
  /** The scope of rules that run on each element of a list. */
  readonly elements: Scope;
  /** Notes that the rule can see `$flagd`, which must then be set before it runs. */
  observeFlagd(): void;
  /** Tells the operator of the daemon about a rule that got input it cannot use. */
  report(severity: Severity, message: string): void;
  /** Follows the rule; undefined: nobody wants to know how it decides. */
  readonly observer: RuleObserver | undefined;
}

/** Follows a rule part by part: how it is compiled, and how each part decides when it runs. */
export interface RuleObserver {
  /** Around the compilation of a part, in which those that it is made of are compiled. Returns what is to be run. */
  compile(rule: Json | undefined, compile: () => Node): Node;
  /** What `fractional` put into a bucket, while it runs: the value, or flag key and targetingKey. */
  bucketBy(key: unknown): void;
  /** Where the hash of that, unsigned and of 32 bits, fell. */
  bucket(hash: number, distribution: Distribution): void;
}

/** A rule whose result is known already. */
export function literal(value: unknown): Node {
  return { run: () => value, constant: { value }, attribute: undefined };
}

/** A rule that has to be run. */
export function computed(run: Expression, attribute?: string): Node {
  return { run, constant: undefined, attribute };
}

/** `{"op": x}` is short for `{"op": [x]}`. */
export function argumentsOf(operand: Json): readonly Json[] {
  return Array.isArray(operand) ? operand : [operand];
}

/** Runs all: an array of results. */
export function sequence(nodes: readonly Node[]): (data: unknown) => unknown[] {
  const runs = nodes.map((node) => node.run);
  return (data) => {
    const results: unknown[] = [];
    for (const run of runs) results.push(run(data));
    return results;
  };
}

/**
 * Runs `expression` after `spare`, arguments beyond those it takes: json-logic-js evaluates them
 * too, so that a failure in one of them is a failure of the rule.
 */
export function afterSpare(expression: Expression, spare: readonly Node[]): Expression {
  const runs = spare.filter((node) => node.constant === undefined).map((node) => node.run);
  if (runs.length === 0) return expression;
  return (data) => {
    for (const run of runs) run(data);
    return expression(data);
  };
}
