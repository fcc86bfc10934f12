import { isArray, type Json } from "../core/json.ts";
import { compareBytes } from "../core/order.ts";
import type { FlagDefinition } from "./model.ts";

/**
 * The one compact JSON text of a value: keys in byte order, numbers as ECMAScript writes doubles
 * (`2.50` → `2.5`) but for `-0`, non-ASCII text as it is. A lone surrogate becomes an escape (`\ud800`), so that
 * the text is always valid UTF-8. Equal values give equal texts.
 */
export function canonicalJson(value: Json): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return numberJson(value);
  if (typeof value !== "object" || value === null) return String(value);
  if (isArray(value)) {
    let text = "[";
    for (let i = 0; i < value.length; i++) {
      text += (i === 0 ? "" : ",") + canonicalJson(value[i] ?? null);
    }
    return `${text}]`;
  }
  const names = Object.keys(value);
  if (names.length > 1) names.sort(compareBytes);
  let text = "{";
  for (const name of names) text += member(text, name, value[name] ?? null);
  return `${text}}`;
}

/**
 * {@link canonicalJson} with `<`, `>`, `&`, U+2028 and U+2029 as `\uXXXX`, as Go's encoder writes
 * JSON: flag documents for sync clients and OFREP answers have this form.
 */
export function htmlSafeJson(value: Json): string {
  return escapeHtml(canonicalJson(value));
}

/** The same for JSON text: these characters occur in its strings only. */
function escapeHtml(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/**
 * A flag as documents for sync clients carry it, in the form of {@link htmlSafeJson}: `state`,
 * `defaultVariant` (`""` for none), `variants` (`null` for none), `targeting` if the flag has it,
 * `source`, `metadata` if there is any. Equal text, equal flag.
 */
export function canonicalFlag(flag: FlagDefinition, source: string): string {
  let text = `{"state":${JSON.stringify(flag.state)}`;
  text += `,"defaultVariant":${JSON.stringify(flag.defaultVariant ?? "")}`;
  text += `,"variants":${flag.variants === undefined ? "null" : variantsJson(flag.variants)}`;
  if (flag.targeting !== undefined) text += `,"targeting":${canonicalJson(flag.targeting)}`;
  text += `,"source":${JSON.stringify(source)}`;
  if (flag.metadata !== undefined && Object.keys(flag.metadata).length > 0)
    text += `,"metadata":${canonicalJson(flag.metadata)}`;
  return escapeHtml(`${text}}`);
}

/** Relies on the variants being in byte order already. */
function variantsJson(variants: ReadonlyMap<string, Json>): string {
  let text = "{";
  for (const [name, value] of variants) text += member(text, name, value);
  return `${text}}`;
}

function member(before: string, name: string, value: Json): string {
  return `${before.length === 1 ? "" : ","}${JSON.stringify(name)}:${canonicalJson(value)}`;
}

function numberJson(value: number): string {
  if (!Number.isFinite(value)) return "null";
  return Object.is(value, -0) ? "-0" : String(value);
}
