import { isObject } from "../../../core/json.ts";
import { shorten } from "../../../core/message-text.ts";
import { charge, chargeText } from "../../rule/budget.ts";
import { type Expression, type Node, type Scope, sequence } from "../../rule/expression.ts";
import { any, type Operator, unusable } from "../operator.ts";
import { encodeCbor } from "./cbor.ts";
import { type ParsedDistribution, parseDistribution, pick } from "./distribution.ts";
import { hashBytes, murmur3 } from "./murmur3.ts";

/**
 * How users are put into buckets. `v2`: by a text, or by flag key and targetingKey joined. `v3`: by any
 * value, or by the list of both, in CBOR. Two versions give most users different variants.
 */
export type FractionalVersion = "v2" | "v3";

interface Bucketing {
  /** True of what is hashed: everything else in the first place is an arm. */
  isKey(first: unknown): boolean;
  /** The hash of what stands in the first place; null if it cannot be used, which was reported. */
  hash(first: unknown, data: unknown, argument: Node | undefined, scope: Scope): number | null;
  /** The hash of a user of a flag. */
  hashUser(flagKey: string, targetingKey: string): number;
}

const bucketings: Readonly<Record<FractionalVersion, Bucketing>> = {
  v2: {
    isKey: (first) => typeof first === "string" || first === null || first === undefined,
    hash: (first, data, _, scope) => {
      if (typeof first !== "string" || !isObject(data)) return hashDefault(data, scope);
      chargeText(first.length);
      scope.observer?.bucketBy(first);
      return murmur3(first);
    },
    hashUser: (flagKey, targetingKey) => murmur3(flagKey + targetingKey),
  },
  v3: {
    isKey: (first) => !Array.isArray(first),
    hash: (first, _, argument, scope) => {
      if (first !== null && first !== undefined) {
        scope.observer?.bucketBy(first);
        return hashBytes(encodeCbor(first));
      }
      if (unusable(scope, "fractional", "a value", argument, first)) return null;
      return refuse(scope, `flag "${scope.flagKey}": the value to bucket by is null`);
    },
    hashUser: (...user) => hashBytes(encodeCbor(user)),
  },
};

/**
 * `{"fractional": [key?, arm, arm, …]}`: one of the arms' variants, each with a chance in
 * proportion to its weight, always the same for the same key. Without a key: for the same
 * `targetingKey` of the same flag. Input that it cannot use is reported and gives null.
 *
 * See https://flagd.dev/reference/custom-operations/fractional-operation/
 */
export const fractional: Operator = {
  name: "fractional",
  picks: "arm",
  readsContext: true,
  arity: [1, any],
  args: ["any", "arm"],
  evaluates: "all",
  doc: "one of several variants by weight, the same for a user each time; the first argument may be what to split by instead of the `targetingKey`",
  example: {
    fractional: [{ var: "email" }, ["red", 25], ["blue", 75]],
  },
  check(args, problem) {
    const [only = null] = args;
    const weights = args.length === 1 && isObject(only) ? Object.values(only) : [];
    if (weights.length > 1 && weights.every(Number.isFinite))
      problem('write the weights as a list: [["variant", weight], …]');
    for (const [i, arm] of args.entries()) {
      if (i === 0 && !Array.isArray(arm)) continue;
      if (isObject(arm)) continue;
      const weight = Array.isArray(arm) ? (arm[1] ?? 1) : 1;
      if (!Array.isArray(arm) || arm.length === 0) problem('expected ["variant", weight]', i);
      else if (!isObject(weight) && !(Number.isInteger(weight) && Number(weight) >= 0))
        problem(
          `the weight must be a whole number, 0 or more, found ${shorten(JSON.stringify(weight))}`,
          i,
        );
    }
    const arms = args.filter(Array.isArray);
    const noWeight = arms.length > 0 && arms.every(([, weight]) => weight === 0);
    if (noWeight)
      problem("all weights are 0, so this gives null: raise one", undefined, "no-weight");
  },
  compile(operand, scope) {
    if (!Array.isArray(operand)) return fromList(scope.compile(operand).run, undefined, scope);
    const nodes = operand.map((rule) => scope.compile(rule));
    const [head, ...rest] = nodes;
    if (head !== undefined && Array.isArray(head.constant?.value)) {
      const arms = constants(nodes);
      if (arms !== undefined) return byUser(arms, scope);
    }
    const arms = constants(rest);
    if (head !== undefined && arms !== undefined) return byKey(head, arms, scope);
    return fromList(sequence(nodes), head, scope);
  },
};

/** The results of nodes that need no data; undefined if one does. */
function constants(nodes: readonly Node[]): readonly unknown[] | undefined {
  if (nodes.some((node) => node.constant === undefined)) return undefined;
  return nodes.map((node) => node.constant?.value);
}

/** Constant arms, which are added up now, and no key. */
function byUser(arms: readonly unknown[], scope: Scope): Expression {
  const parsed = parseDistribution(arms);
  const { hashUser } = bucketings[scope.fractional];
  return (data) => choose(hashDefault(data, scope, hashUser), parsed, scope);
}

/** Constant arms after something that is known only when data are there, most often the key. */
function byKey(head: Node, arms: readonly unknown[], scope: Scope): Expression {
  const { isKey, hash } = bucketings[scope.fractional];
  const parsed = parseDistribution(arms);
  return (data) => {
    const first = head.run(data);
    if (isKey(first)) return choose(hash(first, data, head, scope), parsed, scope);
    if (!Array.isArray(first) && unusable(scope, "fractional", "a text", head, first)) return null;
    return choose(hashDefault(data, scope), parseDistribution([first, ...arms]), scope);
  };
}

function fromList(run: Expression, head: Node | undefined, scope: Scope): Expression {
  const { isKey, hash } = bucketings[scope.fractional];
  return (data) => {
    const list = run(data);
    if (!Array.isArray(list)) return refuse(scope, "fractional evaluation data is not an array");
    if (list.length === 0)
      return refuse(scope, "fractional evaluation data must contain at least one distribution");
    charge(list.length);
    const [first, ...rest]: unknown[] = list;
    return isKey(first)
      ? choose(hash(first, data, head, scope), parseDistribution(rest), scope)
      : choose(hashDefault(data, scope), parseDistribution(list), scope);
  };
}

/** By the user, of whom the context says the targetingKey; null if it does not. */
function hashDefault(
  data: unknown,
  scope: Scope,
  hashUser = bucketings[scope.fractional].hashUser,
): number | null {
  if (!isObject(data)) return refuse(scope, "data isn't of type map[string]any");
  const { targetingKey } = data;
  if (typeof targetingKey === "string" && targetingKey !== "") {
    chargeText(targetingKey.length);
    const flagKey = flagKeyIn(data, scope);
    scope.observer?.bucketBy([flagKey, targetingKey]);
    return hashUser(flagKey, targetingKey);
  }
  const missing = targetingKey === undefined || targetingKey === null || targetingKey === "";
  const problem = missing ? "has no targetingKey" : "has a targetingKey that is not a text";
  scope.report(
    "info",
    `flag ${JSON.stringify(scope.flagKey)}: the context ${problem}, so fractional gives null`,
  );
  return null;
}

/** An element of a list tells the flag key only if it has a `$flagd` of its own. */
function flagKeyIn({ $flagd }: Record<string, unknown>, scope: Scope): string {
  if (scope.root) return scope.flagKey;
  return isObject($flagd) && typeof $flagd.flagKey === "string" ? $flagd.flagKey : "";
}

function choose(hash: number | null, parsed: ParsedDistribution, scope: Scope): unknown {
  if (hash === null) return null;
  const { clamped } = parsed.ok ? parsed.distribution : parsed;
  for (const weight of clamped)
    scope.report("debug", `flag "${scope.flagKey}": negative weight ${weight} clamped to 0`);
  if (!parsed.ok) return refuse(scope, `flag "${scope.flagKey}": ${parsed.reason}`);
  scope.observer?.bucket(hash, parsed.distribution);
  return pick(parsed.distribution, hash) ?? null;
}

function refuse(scope: Scope, reason: string): null {
  scope.report("warn", `parse fractional evaluation data: ${reason}`);
  return null;
}
