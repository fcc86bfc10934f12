/**
 * flagd's own operations written once more, straight from their definition and without any haste:
 * https://flagd.dev/reference/custom-operations/fractional-operation/ and its neighbours.
 */
import type { Json } from "../../../src/core/json.ts";
import { jsonLogic } from "../../unit/evaluation/rule/oracle.ts";
import { isObject } from "./model.ts";

const maxWeight = 2147483647;
const mask = 0xffffffffn;

/** MurmurHash3 x86 32-bit, seed 0. */
function murmur3(text: string): bigint {
  const bytes = Buffer.from(text);
  const rotate = (x: bigint, by: bigint) => ((x << by) | (x >> (32n - by))) & mask;
  const mix = (k: bigint) => (rotate((k * 0xcc9e2d51n) & mask, 15n) * 0x1b873593n) & mask;
  const whole = bytes.length & ~3;
  let hash = 0n;
  for (let at = 0; at < whole; at += 4) {
    hash = (rotate(hash ^ mix(BigInt(bytes.readUInt32LE(at))), 13n) * 5n + 0xe6546b64n) & mask;
  }
  let tail = 0n;
  for (let at = bytes.length - 1; at >= whole; at--) tail = (tail << 8n) | BigInt(bytes[at] ?? 0);
  hash ^= mix(tail);
  hash ^= BigInt(bytes.length);
  hash = ((hash ^ (hash >> 16n)) * 0x85ebca6bn) & mask;
  hash = ((hash ^ (hash >> 13n)) * 0xc2b2ae35n) & mask;
  return hash ^ (hash >> 16n);
}

interface Data {
  readonly targetingKey?: unknown;
  readonly $flagd?: { readonly flagKey?: unknown };
}

function fractional(this: unknown, ...operands: readonly unknown[]): unknown {
  if (typeof this !== "object" || this === null || Array.isArray(this)) return null;
  const { targetingKey, $flagd } = this as Data;
  let [text, ...arms] = operands;
  if (operands.length === 0) return null;
  if (typeof text !== "string") {
    if (text !== null && text !== undefined) arms = [...operands];
    if (typeof targetingKey !== "string" || targetingKey === "") return null;
    text = `${$flagd?.flagKey ?? ""}${targetingKey}`;
  }
  const weights: number[] = [];
  for (const arm of arms) {
    if (!Array.isArray(arm) || arm.length === 0) return null;
    const [variant, weight = null] = arm;
    if (typeof variant === "object" && variant !== null) return null;
    if (weight !== null && !(Number.isInteger(weight) && weight <= maxWeight)) return null;
    if (weight !== null && weight < -(2 ** 63)) return null;
    weights.push(weight === null ? 1 : Math.max(0, weight));
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total > maxWeight) return null;
  const bucket = (murmur3(String(text)) * BigInt(total)) >> 32n;
  let sum = 0;
  for (const [i, weight] of weights.entries()) {
    sum += weight;
    if (bucket < sum) return (arms[i] as unknown[])[0];
  }
  return null;
}

interface Version {
  readonly parts: readonly bigint[];
  readonly pre: readonly string[];
}

const number = "(0|[1-9][0-9]*)";
const identifiers = "[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*";
const short = new RegExp(`^[vV]?${number}(?:\\.${number})?$`);
const full = new RegExp(
  `^[vV]?${number}\\.${number}\\.${number}(?:-(${identifiers}))?(?:\\+${identifiers})?$`,
);

function parseVersion(value: unknown): Version | undefined {
  if (typeof value === "number" && Math.abs(value) >= 1e6) return undefined;
  if (typeof value !== "number" && typeof value !== "string") return undefined;
  const match = short.exec(String(value)) ?? full.exec(String(value));
  if (match === null) return undefined;
  const [, major = "0", minor = "0", patch = "0", pre] = match;
  const identifiersOfPre = pre?.split(".") ?? [];
  if (identifiersOfPre.some((one) => /^0[0-9]+$/.test(one))) return undefined;
  return { parts: [major, minor, patch].map(BigInt), pre: identifiersOfPre };
}

/** SemVer 2.0.0 §11. */
function compareVersions(a: Version, b: Version): number {
  for (const [i, part] of a.parts.entries()) {
    const other = b.parts[i] ?? 0n;
    if (part !== other) return part < other ? -1 : 1;
  }
  if (a.pre.length === 0 || b.pre.length === 0) return b.pre.length - a.pre.length;
  for (const [i, one] of a.pre.entries()) {
    const other = b.pre[i];
    if (other === undefined) return 1;
    if (one === other) continue;
    const [isNumber, otherIsNumber] = [/^[0-9]+$/.test(one), /^[0-9]+$/.test(other)];
    if (isNumber !== otherIsNumber) return isNumber ? -1 : 1;
    if (isNumber) return BigInt(one) < BigInt(other) ? -1 : 1;
    return one < other ? -1 : 1;
  }
  return a.pre.length - b.pre.length;
}

function semVer(...operands: readonly unknown[]): boolean | null {
  const [a, b] = [parseVersion(operands[0]), parseVersion(operands[2])];
  if (operands.length !== 3 || a === undefined || b === undefined) return null;
  const order = compareVersions(a, b);
  const same = (parts: number) => a.parts.slice(0, parts).join() === b.parts.slice(0, parts).join();
  switch (operands[1]) {
    case "=":
      return order === 0;
    case "!=":
      return order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "^":
      return same(1);
    case "~":
      return same(2);
    default:
      return null;
  }
}

const affix =
  (test: (text: string, part: string) => boolean) =>
  (...[text, part, ...more]: readonly unknown[]) =>
    typeof text === "string" && typeof part === "string" && more.length === 0
      ? test(text, part)
      : null;

type Operation = (this: unknown, ...operands: readonly unknown[]) => unknown;

const operations: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ["fractional", fractional],
  ["sem_ver", semVer],
  ["starts_with", affix((text, part) => text.startsWith(part))],
  ["ends_with", affix((text, part) => text.endsWith(part))],
]);

export const customOperations = [...operations.keys()];

/** What stands for an operation whose operands are the items of a list that a rule results in. */
const ofList = (name: string) => `${name} of list`;

for (const [name, operation] of operations) {
  jsonLogic.add_operation(name, operation);
  jsonLogic.add_operation(ofList(name), function (list) {
    return Array.isArray(list) ? operation.apply(this, list) : null;
  });
}

/**
 * json-logic-js runs keys that are rules a second time, even if they are somebody's data. Here
 * an object is a key like any other, to which no path leads.
 */
function missing(data: unknown, keys: readonly unknown[]): readonly unknown[] {
  return keys.filter((key) => {
    const path = typeof key === "object" && !Array.isArray(key) && key !== null ? `${key}` : key;
    const value = jsonLogic.apply({ var: path as Json }, data);
    return value === null || value === "";
  });
}

jsonLogic.add_operation("missing", function (...operands) {
  return missing(this, Array.isArray(operands[0]) ? operands[0] : operands);
});

jsonLogic.add_operation("missing_some", function (least, options) {
  const keys = Array.isArray(options) ? options : [options];
  const absent = missing(this, keys);
  return (options as unknown[]).length - absent.length >= (least as number) ? [] : absent;
});

/**
 * The result of a rule by json-logic-js.
 * @throws Error of json-logic-js's
 */
export function apply(rule: Json, data: unknown): unknown {
  return jsonLogic.apply(withLists(rule), data);
}

/** json-logic-js does not tell an operation whether its operand was a list. */
function withLists(rule: Json): Json {
  if (Array.isArray(rule)) return rule.map(withLists);
  if (!isObject(rule)) return rule;
  const entries = Object.entries(rule).map(([name, operand]): [string, Json] => {
    const spread = customOperations.includes(name) && !Array.isArray(operand);
    return spread ? [ofList(name), [withLists(operand)]] : [name, withLists(operand)];
  });
  // Only an object with one member is a rule.
  return entries.length === 1 ? Object.fromEntries(entries) : rule;
}
