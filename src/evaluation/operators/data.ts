import type { Json } from "../../core/json.ts";
import { charge, chargeText } from "../rule/budget.ts";
import { textOf } from "../rule/conversion.ts";
import {
  afterSpare,
  argumentsOf,
  computed,
  type Expression,
  type Node,
  type Scope,
  sequence,
} from "../rule/expression.ts";
import { any, type Operator } from "./operator.ts";

type Compile = Operator["compile"];

const variable: Compile = (operand, scope) => {
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
  return computed(afterSpare(withFallback(path(text), fallback), spare), text);
};

const whole: Expression = (data) => data;

/** Paths that mean the data as a whole. */
function isWhole(name: unknown): boolean {
  return name === undefined || name === null || name === "";
}

function read(data: unknown, name: unknown, fallback: unknown): unknown {
  if (isWhole(name)) return data;
  const value = follow(data, textOf(name));
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
    // Evaluated even if it is not needed: its failure is a failure of the rule.
    const otherwise = fallback.run(data) ?? null;
    const value = find(data);
    return value === undefined ? otherwise : value;
  };
}

/** The keys that lead to nothing, null or "". A key that is an array is a path with a default. */
function missingOf(keys: readonly unknown[], data: unknown): unknown[] {
  charge(keys.length);
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

const missing: Compile = (operand, scope) => {
  const args = keyArguments(operand, scope);
  return (data) => missingOf(keysOf(args(data)), data);
};

/** [how many are needed, keys]: nothing if so many are there, else those that are not. */
const missingSome: Compile = (operand, scope) => {
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

/** True if a key, or a list of keys, is known not to lead to `$flagd` or to the whole data. */
function keepsFromFlagd(key: unknown): boolean {
  if (Array.isArray(key)) return key.length > 0 && key.every(keepsFromFlagd);
  return !isWhole(key) && !leadsToFlagd(String(key));
}

const flagdProperties = new Set(["$flagd.flagKey", "$flagd.timestamp"]);

export const dataOperators: readonly Operator[] = [
  {
    name: "var",
    readsContext: true,
    arity: [0, 2],
    args: ["path", "any"],
    evaluates: "all",
    doc: "the value under a path of the context, such as `user.email` or `orders.0`; the second argument if there is none",
    example: { var: ["plan", "free"] },
    check([path], problem) {
      if (typeof path !== "string" || !path.startsWith("$flagd.") || flagdProperties.has(path))
        return;
      problem(
        `${JSON.stringify(path)} does not exist, only ${[...flagdProperties].join(" and ")} do`,
      );
    },
    compile: variable,
  },
  {
    name: "missing",
    readsContext: true,
    arity: [0, any],
    args: ["path"],
    evaluates: "all",
    doc: "those of the paths that lead to nothing, null or an empty text",
    example: { missing: ["email", "country"] },
    compile: missing,
  },
  {
    name: "missing_some",
    readsContext: true,
    arity: [2, 2],
    args: ["number", "list"],
    evaluates: "all",
    doc: "an empty list if so many of the paths lead to something, else those that do not",
    example: { missing_some: [1, ["email", "phone"]] },
    compile: missingSome,
  },
];

/** Never looked at, not even if the data has a member of that name. */
const forbidden: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Names that some JSON value inherits. Only these need the slow question whether the value has
 * them itself; `length` is not among them, for what has it has it as its own.
 */
const inherited: ReadonlySet<string> = new Set(
  [Object, Array, String, Number, Boolean]
    .flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype))
    .filter((name) => name !== "length"),
);

type Step = (value: unknown) => unknown;

/** Reads one own member, array index or string index; `undefined` if there is none. */
function member(name: string): Step {
  if (forbidden.has(name)) return () => undefined;
  if (inherited.has(name)) return (value) => ownMember(value, name);
  return (value) =>
    value === null || value === undefined ? undefined : (value as Record<string, unknown>)[name];
}

/** Follows a dotted path; `undefined` if it leads nowhere. */
function path(text: string): Step {
  const steps = text.split(".").map(member);
  const [first, second] = steps;
  if (first !== undefined && steps.length === 1) return first;
  if (first !== undefined && second !== undefined && steps.length === 2)
    return (value) => second(first(value));
  return (value) => steps.reduce((reached, step) => step(reached), value);
}

/** {@link path} for a path known only now. */
function follow(data: unknown, text: string): unknown {
  let value = data;
  chargeText(text.length);
  for (const name of text.split(".")) {
    if (value === undefined) return undefined;
    value = forbidden.has(name) ? undefined : ownMember(value, name);
  }
  return value;
}

/** True if `text`, a path into the evaluation context, leads to `$flagd` or into it. */
function leadsToFlagd(text: string): boolean {
  return text === "$flagd" || text.startsWith("$flagd.");
}

function ownMember(value: unknown, name: string): unknown {
  if (value === null || value === undefined || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
