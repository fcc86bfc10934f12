import type { Json } from "../../core/json.ts";
import {
  computed,
  type Expression,
  literal,
  type Node,
  type Operator,
  type Scope,
  type Severity,
  sequence,
} from "./expression.ts";

export interface CompileOptions {
  readonly flagKey: string;
  readonly operators: ReadonlyMap<string, Operator>;
  readonly report: (severity: Severity, message: string) => void;
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
 * @throws RangeError where the rule is nested too deeply for the stack.
 */
export function compileRule(
  rule: Json,
  { flagKey, operators, report }: CompileOptions,
): CompiledRule {
  let observesFlagd = false;
  const scope = (root: boolean): Scope => {
    const self: Scope = {
      flagKey,
      root,
      report,
      compile: (rule) => compile(rule, self, operators),
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

function compile(
  rule: Json | undefined,
  scope: Scope,
  operators: ReadonlyMap<string, Operator>,
): Node {
  if (typeof rule !== "object" || rule === null) return literal(rule);
  if (Array.isArray(rule)) return compileArray(rule, scope);
  const [operation, ...others] = Object.entries(rule);
  if (operation === undefined || others.length > 0) return literal(rule);
  const [name, operand] = operation;
  return computed((operators.get(name) ?? unknown(name))(operand, scope));
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

function unknown(name: string): Operator {
  const shown = JSON.stringify(name.slice(0, 100));
  return () => () => {
    throw new Error(`The operator ${shown} is not supported`);
  };
}
