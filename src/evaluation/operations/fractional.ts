import {
  type Expression,
  type Node,
  type Operator,
  type Scope,
  sequence,
} from "../jsonlogic/expression.ts";
import { type ParsedDistribution, parseDistribution, pick } from "./distribution.ts";
import { murmur3 } from "./murmur3.ts";

/**
 * `{"fractional": [text?, arm, arm, …]}`: one of the arms' variants, each with a chance in
 * proportion to its weight, always the same for the same text. Without a text: the flag key
 * followed by the `targetingKey`. Input that it cannot use is reported and gives null.
 *
 * See https://flagd.dev/reference/custom-operations/fractional-operation/
 */
export const fractional: Operator = (operand, scope) => {
  if (!Array.isArray(operand)) return fromList(scope.compile(operand).run, scope);
  const nodes = operand.map((rule) => scope.compile(rule));
  const [head, ...rest] = nodes;
  if (head !== undefined && Array.isArray(head.constant?.value)) {
    const arms = constants(nodes);
    if (arms !== undefined) return byTargetingKey(arms, scope);
  }
  const arms = constants(rest);
  if (head !== undefined && arms !== undefined) return byText(head.run, arms, scope);
  return fromList(sequence(nodes), scope);
};

/** The results of nodes that need no data; undefined where one does. */
function constants(nodes: readonly Node[]): readonly unknown[] | undefined {
  if (nodes.some((node) => node.constant === undefined)) return undefined;
  return nodes.map((node) => node.constant?.value);
}

/** Constant arms, which are added up now, and no text. */
function byTargetingKey(arms: readonly unknown[], scope: Scope): Expression {
  const parsed = parseDistribution(arms);
  return (data) => choose(defaultText(data, scope), parsed, scope);
}

/** Constant arms after something that is known only when data are there, most often the text. */
function byText(head: Expression, arms: readonly unknown[], scope: Scope): Expression {
  const parsed = parseDistribution(arms);
  return (data) => {
    const first = head(data);
    return isText(first)
      ? choose(textOf(first, data, scope), parsed, scope)
      : choose(defaultText(data, scope), parseDistribution([first, ...arms]), scope);
  };
}

function fromList(run: Expression, scope: Scope): Expression {
  return (data) => {
    const list = run(data);
    if (!Array.isArray(list)) return refuse(scope, "fractional evaluation data is not an array");
    if (list.length === 0)
      return refuse(scope, "fractional evaluation data must contain at least one distribution");
    const [first, ...rest]: unknown[] = list;
    return isText(first)
      ? choose(textOf(first, data, scope), parseDistribution(rest), scope)
      : choose(defaultText(data, scope), parseDistribution(list), scope);
  };
}

/** True of what stands for the text to hash: a string, or null for the default. */
function isText(first: unknown): first is string | null | undefined {
  return typeof first === "string" || first === null || first === undefined;
}

function textOf(given: string | null | undefined, data: unknown, scope: Scope): string | null {
  return typeof given === "string" && isObject(data) ? given : defaultText(data, scope);
}

/** Flag key and targetingKey, joined without anything between; null where there is none. */
function defaultText(data: unknown, scope: Scope): string | null {
  if (!isObject(data)) return refuse(scope, "data isn't of type map[string]any");
  const { targetingKey } = data;
  if (targetingKey === undefined || targetingKey === null || targetingKey === "") return null;
  if (typeof targetingKey === "string") return flagKeyIn(data, scope) + targetingKey;
  return refuse(
    scope,
    `flag "${scope.flagKey}": bucketing value not supplied and no targetingKey in context`,
  );
}

/** An element of a list tells the flag key only if it has a `$flagd` of its own. */
function flagKeyIn({ $flagd }: Record<string, unknown>, scope: Scope): string {
  if (scope.root) return scope.flagKey;
  return isObject($flagd) && typeof $flagd.flagKey === "string" ? $flagd.flagKey : "";
}

function isObject(data: unknown): data is Record<string, unknown> {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}

function choose(text: string | null, parsed: ParsedDistribution, scope: Scope): unknown {
  if (text === null) return null;
  const { clamped } = parsed.ok ? parsed.distribution : parsed;
  for (const weight of clamped)
    scope.report("debug", `flag "${scope.flagKey}": negative weight ${weight} clamped to 0`);
  if (!parsed.ok) return refuse(scope, `flag "${scope.flagKey}": ${parsed.reason}`);
  return pick(parsed.distribution, murmur3(text)) ?? null;
}

function refuse(scope: Scope, reason: string): null {
  scope.report("warn", `parse fractional evaluation data: ${reason}`);
  return null;
}
