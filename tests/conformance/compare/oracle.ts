/** What is to be answered about a flag, by the definition and by json-logic-js. */

import type { Json, JsonObject } from "../../../src/core/json.ts";
import { canonicalJson } from "../../../src/flags/canonical.ts";
import { type Flag, isObject } from "./model.ts";
import { apply, customOperations } from "./operations.ts";
import type { Question } from "./request.ts";

export interface Evaluation {
  readonly reason: string;
  readonly variant?: string;
  readonly value?: Json;
}

const failed = (reason: string): Evaluation => ({ reason });

/** An error's code stands for the reason. */
export function evaluate(flag: Flag, context: JsonObject): Evaluation {
  const { definition, targeting } = flag;
  const variants = isObject(definition.variants) ? definition.variants : {};
  const select = (reason: string, variant: string): Evaluation =>
    variant in variants ? { reason, variant, value: variants[variant] ?? null } : failed("GENERAL");
  const preset = definition.defaultVariant;
  const byDefault = (reason: string) =>
    typeof preset === "string" && preset !== "" ? select(reason, preset) : failed("DEFAULT");
  if (definition.state === "DISABLED") return failed("DISABLED");
  if (targeting === undefined || targeting === null) return byDefault("STATIC");
  if (isObject(targeting) && Object.keys(targeting).length === 0) return byDefault("STATIC");
  const $flagd = { flagKey: flag.key, timestamp: Math.floor(Date.now() / 1000) };
  let result: unknown;
  try {
    result = apply(targeting, bare({ ...context, $flagd }));
  } catch {
    return failed("PARSE_ERROR");
  }
  if (result === null || result === undefined) return byDefault("DEFAULT");
  if (!isFiniteThroughout(result)) return failed("PARSE_ERROR");
  return select(
    "TARGETING_MATCH",
    canonicalJson(result as Json)
      .trim()
      .replaceAll('"', ""),
  );
}

/** What can be written as text but inherits no names that a rule could ask for. */
const textual = Object.assign(Object.create(null), { toString: () => "[object Object]" });

function bare(value: JsonObject): unknown {
  return Object.assign(Object.create(textual), value);
}

function isFiniteThroughout(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  return (
    typeof value !== "object" || value === null || Object.values(value).every(isFiniteThroughout)
  );
}

const kindOf = (value: Json | undefined) =>
  value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
const asked: Readonly<Record<string, string>> = {
  Boolean: "boolean",
  String: "string",
  Int: "number",
  Float: "number",
  Object: "object",
};
const zeros: Readonly<Record<string, Json>> = {
  Boolean: false,
  String: "",
  Int: "0",
  Float: 0,
  Object: {},
  boolean: false,
  string: "",
  number: 0,
  object: {},
};

/** The answer to a question about this one flag, in the form of {@link observed}. */
export function expected(
  flag: Flag,
  { surface, type, context, key }: Question,
): Evaluation | undefined {
  const evaluation = evaluate(flag, context);
  const { reason, variant, value } = evaluation;
  if (surface === "ofrep") {
    if (value === null) return failed("GENERAL");
    const preset = defaultKind(flag);
    const disciplined =
      key === undefined && preset !== undefined && /boolean|string|number|object/.test(preset);
    if (disciplined && value !== undefined && kindOf(value) !== preset) return failed("GENERAL");
    return evaluation;
  }
  const isError = reason === "PARSE_ERROR" || reason === "GENERAL";
  if (type !== undefined) {
    if (isError) return evaluation;
    const codeDefault = {
      v1: failed("FLAG_NOT_FOUND"),
      v2: failed("DEFAULT"),
      schema: { reason: "FALLBACK", variant: "", value: zeros[type] ?? null },
    };
    if (reason === "DISABLED" && surface !== "v2")
      return { reason, variant: "", value: zeros[type] ?? null };
    if (variant === undefined)
      return reason === "DISABLED" ? evaluation : codeDefault[surface as "v1"];
    if (kindOf(value) !== asked[type]) return failed("TYPE_MISMATCH");
    return { reason, variant, value: type === "Int" ? toInt(Number(value)) : (value ?? null) };
  }
  const kind = carriedByDefault(flag) ?? (value === undefined ? undefined : kindOf(value));
  if (kind === undefined || !(kind in zeros)) return undefined;
  if (isError) return { reason: "ERROR", variant: "", value: zeros[kind] ?? null };
  if (variant === undefined) return { reason, variant: "", value: zeros[kind] ?? null };
  if (kindOf(value) !== kind) return { reason: "ERROR", variant, value: zeros[kind] ?? null };
  return { reason, variant, value: value ?? null };
}

function defaultKind({ definition }: Flag): string | undefined {
  const preset = definition.defaultVariant;
  if (typeof preset !== "string" || preset === "" || !isObject(definition.variants))
    return undefined;
  return kindOf(definition.variants[preset]);
}

/** The type that ResolveAll gives a flag by its default variant; undefined: what targeting selects decides. */
export function carriedByDefault(flag: Flag): string | undefined {
  const kind = defaultKind(flag);
  return kind !== undefined && kind in zeros ? kind : undefined;
}

/** Cut toward zero, at the bounds of int64 if it is beyond. */
function toInt(value: number): string {
  if (value >= 2 ** 63) return "9223372036854775807";
  if (value < -(2 ** 63)) return "-9223372036854775808";
  return String(BigInt(Math.trunc(value)));
}

/** Operators that Go's JsonLogic engine sees as json-logic-js does, given lists of operands. */
const agreed = new Set([...customOperations, "if"]);

/** True if the two engines may come to different results by their dialects. */
export function isDialectal(rule: Json | undefined): boolean {
  if (Array.isArray(rule)) return rule.some(isDialectal);
  if (!isObject(rule)) return false;
  const [operator, ...more] = Object.keys(rule);
  if (operator === undefined || more.length > 0) return true;
  const operand = rule[operator];
  if (operator === "var")
    return typeof operand !== "string" || !/^[\w$]+(\.[a-z]\w*)?$/.test(operand);
  if (operator === "if" && !Array.isArray(operand)) return true;
  return !agreed.has(operator) || isDialectal(operand);
}
