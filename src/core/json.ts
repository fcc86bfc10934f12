import { compareBytes } from "./order.ts";

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
/** Any JSON object. */
export type JsonObject = { readonly [member: string]: Json };

/** `Array.isArray` does not narrow a union that has a readonly array. */
export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** True of objects other than arrays. */
export function isObject(value: Json | undefined): value is JsonObject;
export function isObject(value: unknown): value is Record<string, unknown>;
export function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True of objects and arrays. */
export function isContainer(value: Json): value is readonly Json[] | JsonObject {
  return typeof value === "object" && value !== null;
}

/** The name of the only member of an object; undefined if it has none or several. */
export function onlyMember(object: JsonObject): string | undefined {
  let only: string | undefined;
  for (const name in object) {
    if (only !== undefined) return undefined;
    only = name;
  }
  return only;
}

/** `an array`, `a string`, … for messages. */
export function kindOf(value: Json): string {
  if (value === null) return "null";
  if (isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Sets an own member whatever its name: `__proto__` is data like any other. */
export function setMember<Value>(object: Record<string, Value>, name: string, value: Value): void {
  if (name === "__proto__") {
    Object.defineProperty(object, name, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  } else object[name] = value;
}

/**
 * The same members, names in byte order as far as JavaScript objects can keep it (names that are
 * array indexes come first, by number). `Object.fromEntries` defines members and does not assign
 * them, so that `__proto__` stays a member like any other.
 */
export function inByteOrder(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => compareBytes(a, b)));
}

/** {@link inByteOrder} at every depth; what is in order already stays the same object. */
export function inByteOrderThroughout(value: JsonObject): JsonObject;
export function inByteOrderThroughout(value: Json): Json;
export function inByteOrderThroughout(value: Json): Json {
  if (isInByteOrder(value)) return value;
  if (isArray(value)) return value.map((item) => inByteOrderThroughout(item));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([name, member]): [string, Json] => [
    name,
    inByteOrderThroughout(member),
  ]);
  return inByteOrder(Object.fromEntries(entries));
}

/** Most are: whoever writes documents by program mostly sorts. */
function isInByteOrder(value: Json): boolean {
  if (!isContainer(value)) return true;
  if (isArray(value)) return value.every(isInByteOrder);
  let before: string | undefined;
  for (const name of Object.keys(value)) {
    if (before !== undefined && compareBytes(before, name) > 0) return false;
    if (!isInByteOrder(value[name] ?? null)) return false;
    before = name;
  }
  return true;
}
