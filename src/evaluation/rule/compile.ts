import { isArray, type Json, type JsonObject } from "../../core/json.ts";
import type { FractionalVersion } from "../operators/fractional/fractional.ts";
import { operators } from "../operators/table.ts";
import { evaluationLimits } from "./budget.ts";
import {
  computed,
  type Expression,
  literal,
  type Node,
  type RuleObserver,
  type Scope,
  type Severity,
  sequence,
} from "./expression.ts";

export interface CompileOptions {
  readonly flagKey: string;
  readonly fractional: FractionalVersion;
  readonly report: (severity: Severity, message: string) => void;
  readonly observer?: RuleObserver | undefined;
}

/** A rule, ready to be run. */
export interface CompiledRule {
  readonly run: Expression;
  /** False: the result is the same whether `$flagd` is in the data or not. */
  readonly observesFlagd: boolean;
}

/**
 * Compiles a JsonLogic rule into a closure that returns what json-logic-js 2 returns.
 *
 * An operator that does not exist throws when (and only when) evaluation reaches it. Data are never
 * interpreted as rules, and only their own members can be seen.
 * @throws RangeError if the rule is nested too deeply for the stack or has too many operations.
 */
export function compileRule(rule: Json, options: CompileOptions): CompiledRule {
  let observesFlagd = false;
  let operations = 0;
  const { observer } = options;
  const scope = (root: boolean): Scope => {
    const compile = (rule: Json | undefined): Node => {
      if (typeof rule !== "object" || rule === null) return literal(rule);
      const { operations: max } = evaluationLimits;
      if (++operations > max) throw new RangeError(`the rule has more than ${max} operations`);
      return isArray(rule) ? compileArray(rule, self) : compileObject(rule, self);
    };
    const self: Scope = {
      // Asked when the rule runs: flags may share it.
      get flagKey() {
        return options.flagKey;
      },
      report: (severity, message) => options.report(severity, message),
      fractional: options.fractional,
      observer,
      root,
      get operations() {
        return operations;
      },
      compile: observer ? (rule) => observer.compile(rule, () => compile(rule)) : compile,
      get elements() {
        return root ? scope(false) : self;
      },
      observeFlagd: () => {
        observesFlagd ||= root;
      },
    };
    return self;
  };
  const { run } = scope(true).compile(rule);
  return { run, observesFlagd };
}

function compileObject(rule: JsonObject, scope: Scope): Node {
  const [operation, ...others] = Object.entries(rule);
  if (operation === undefined || others.length > 0) return literal(rule);
  const [name, operand] = operation;
  const operator = operators.get(name);
  if (operator === undefined) return computed(unknown(name, operand));
  const node = operator.compile(operand, scope);
  return typeof node === "function" ? computed(node) : node;
}

function compileArray(elements: readonly Json[], scope: Scope): Node {
  // Lists of a hundred thousand persons occur.
  if (elements.every((element) => typeof element !== "object" || element === null))
    return literal(elements);
  const nodes = elements.map((element) => scope.compile(element));
  if (nodes.every((node) => node.constant !== undefined))
    return literal(nodes.map((node) => node.constant?.value));
  return computed(sequence(nodes));
}

function unknown(name: string, operand: Json): Expression {
  const problem =
    name === "$ref"
      ? `The reference ${shown(operand)} cannot be resolved`
      : `The operator ${shown(name)} is not supported`;
  return () => {
    throw new Error(problem);
  };
}

function shown(value: Json): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 100)) : "that is no text";
}
