import { isArray, isObject, type Json } from "../core/json.ts";
import { shorten } from "../core/message-text.ts";

/** One flag before and after a change, each as canonical JSON; undefined: it did not exist. */
export interface FlagChange {
  readonly key: string;
  /** Absent or `""`: the flag belongs to none. */
  readonly flagSetId?: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** One value that differs. */
export interface Difference {
  /** From the flag: `defaultVariant`, `variants.loud`, `targeting.if[0].in[1]`. */
  readonly path: string;
  /** Undefined: there was, or is, none. */
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/** Differences of one flag that are written out. */
const maxShown = 3;
/** Characters of a flag beyond which nobody reads what differs. */
const maxText = 64 << 10;
/** Levels of objects and arrays within a flag that are compared member by member, deeper ones as a whole. */
const maxDepth = 32;

/** The change in a line: `banner-text: defaultVariant calm → loud`, `retries: added`. */
export function describeChange({ key, before, after }: FlagChange): string {
  if (before === undefined) return `${key}: added`;
  if (after === undefined) return `${key}: removed`;
  if (before.length + after.length > maxText) return `${key}: changed`;
  const all = differences(JSON.parse(before), JSON.parse(after));
  const shown = all.slice(0, maxShown).map(show);
  const more = all.length > maxShown ? [`${all.length - maxShown} more differences`] : [];
  return `${key}: ${[...shown, ...more].join(", ") || "changed"}`;
}

/** Where two values differ, in the order of the members of the first, then of the second. */
export function differences(before: Json, after: Json): Difference[] {
  const found: Difference[] = [];
  compare(before, after, "", maxDepth, found);
  return found;
}

function compare(
  before: Json | undefined,
  after: Json | undefined,
  path: string,
  depth: number,
  found: Difference[],
): void {
  if (Object.is(before, after)) return;
  if (depth > 0 && isObject(before) && isObject(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const at = path === "" ? name : `${path}.${name}`;
      compare(own(before, name), own(after, name), at, depth - 1, found);
    }
  } else if (depth > 0 && isArray(before) && isArray(after) && before.length === after.length) {
    for (let i = 0; i < before.length; i++) {
      compare(before[i], after[i], `${path}[${i}]`, depth - 1, found);
    }
  } else if (JSON.stringify(before) !== JSON.stringify(after)) {
    found.push({ path, before, after });
  }
}

function own(object: Readonly<Record<string, Json>>, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function show({ path, before, after }: Difference): string {
  if (before === undefined) return `${path} added: ${shortJson(after)}`;
  if (after === undefined) return `${path} removed`;
  const form = path === "defaultVariant" || path === "state" ? name : shortJson;
  return `${path} ${form(before)} → ${form(after)}`;
}

function name(value: Json): string {
  return typeof value === "string" ? shorten(value) || "none" : shortJson(value);
}

function shortJson(value: Json | undefined): string {
  return shorten(JSON.stringify(value) ?? "");
}
