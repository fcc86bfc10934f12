import type { Json } from "../../../core/json.ts";
import {
  afterSpare,
  argumentsOf,
  type Expression,
  type Node,
  type Operator,
  type Scope,
  sequence,
} from "../expression.ts";
import { follow, leadsToFlagd, path } from "../lookup.ts";

const variable: Operator = (operand, scope) => {
  const [name, fallback, ...spare] = argumentsOf(operand).map((rule) => scope.compile(rule));
  const known = name === undefined ? { value: undefined } : name.constant;
  if (known === undefined) {
    scope.observeFlagd();
    return afterSpare(dynamic(name?.run ?? whole, fallback), spare);
  }
  if (isWhole(known.value)) {
    scope.observeFlagd();
    return afterSpare(whole, fallback ? [fallback, ...spare] : spare);
  }
  const text = String(known.value);
  if (leadsToFlagd(text)) scope.observeFlagd();
  return afterSpare(withFallback(path(text), fallback), spare);
};

const whole: Expression = (data) => data;

/** Paths that mean the data as a whole. */
function isWhole(name: unknown): boolean {
  return name === undefined || name === null || name === "";
}

function read(data: unknown, name: unknown, fallback: unknown): unknown {
  if (isWhole(name)) return data;
  const value = follow(data, String(name));
  return value === undefined ? (fallback ?? null) : value;
}

function dynamic(name: Expression, fallback: Node | undefined): Expression {
  return (data) => read(data, name(data), fallback?.run(data));
}

function withFallback(find: Expression, fallback: Node | undefined): Expression {
  if (fallback === undefined || fallback.constant !== undefined) {
    const otherwise = fallback?.constant?.value ?? null;
    return (data) => {
      const value = find(data);
      return value === undefined ? otherwise : value;
    };
  }
  return (data) => {
    // Evaluated even where it is not needed: its failure is a failure of the rule.
    const otherwise = fallback.run(data) ?? null;
    const value = find(data);
    return value === undefined ? otherwise : value;
  };
}

/** The keys that lead to nothing, null or "". A key that is an array is a path with a default. */
function missingOf(keys: readonly unknown[], data: unknown): unknown[] {
  return keys.filter((key) => {
    const [name, fallback] = Array.isArray(key) ? key : [key];
    const value = read(data, name, fallback);
    return value === null || value === "";
  });
}

/** Keys in one list, or each an argument. */
function keysOf(args: readonly unknown[]): readonly unknown[] {
  return Array.isArray(args[0]) ? args[0] : args;
}

const missing: Operator = (operand, scope) => {
  const args = keyArguments(operand, scope);
  return (data) => missingOf(keysOf(args(data)), data);
};

/** [how many are needed, keys]: nothing where so many are there, else those that are not. */
const missingSome: Operator = (operand, scope) => {
  const args = keyArguments(operand, scope);
  return (data) => {
    const [needed, options] = args(data);
    if (options === null || options === undefined) throw new Error("missing_some needs a list");
    const absent = missingOf(keysOf(Array.isArray(options) ? options : [options]), data);
    const present = (options as { length: number }).length - absent.length;
    return present >= (needed as number) ? [] : absent;
  };
};

function keyArguments(operand: Json, scope: Scope): (data: unknown) => unknown[] {
  const nodes = argumentsOf(operand).map((rule) => scope.compile(rule));
  if (!nodes.every((node) => node.constant && keepsFromFlagd(node.constant.value)))
    scope.observeFlagd();
  return sequence(nodes);
}

/** True where a key, or a list of keys, is known not to lead to `$flagd` or to the whole data. */
function keepsFromFlagd(key: unknown): boolean {
  if (Array.isArray(key)) return key.length > 0 && key.every(keepsFromFlagd);
  return !isWhole(key) && !leadsToFlagd(String(key));
}

export const data: Record<string, Operator> = {
  var: variable,
  missing,
  missing_some: missingSome,
};
