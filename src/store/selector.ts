import type { JsonObject } from "../core/json.ts";
import { shorten } from "../core/message-text.ts";
import type { Selector } from "./view.ts";

/** A selector whose key is neither `flagSetId` nor `source`. */
export class InvalidSelectorError extends Error {
  override readonly name = "InvalidSelectorError";

  constructor(key: string) {
    // The message travels in a response header, and the key is as long as the client likes.
    super(
      `invalid selector key ${JSON.stringify(shorten(key))}, valid keys: "flagSetId", "source"`,
    );
  }
}

/** Selects every flag. */
export const everything: Selector = {};

/**
 * Reads a selector expression: `flagSetId=ID`, `source=NAME`, or `NAME` alone for `source=NAME`.
 * All that follows the first `=` is the value, untrimmed; nothing or `""` selects everything.
 * @throws InvalidSelectorError
 */
export function parseSelector(expression: string | undefined): Selector {
  if (expression === undefined || expression === "") return everything;
  const end = expression.indexOf("=");
  if (end < 0) return { source: expression };
  const key = expression.slice(0, end);
  const value = expression.slice(end + 1);
  if (key === "flagSetId") return { flagSetId: value };
  if (key === "source") return { source: value };
  throw new InvalidSelectorError(key);
}

/** What both select; undefined: they exclude each other. */
export function narrowed(selector: Selector, to: Selector): Selector | undefined {
  for (const name of ["flagSetId", "source"] as const) {
    const [own, other] = [selector[name], to[name]];
    if (own !== undefined && other !== undefined && own !== other) return undefined;
  }
  return { ...selector, ...to };
}

/** Equal for selectors that select the same, different for all others: a key of maps. */
export function selectorId({ flagSetId, source }: Selector): string {
  return JSON.stringify([flagSetId, source]);
}

/** The selector as answers repeat it; an empty value is not repeated. */
export function reflectionOf({ flagSetId, source }: Selector): JsonObject {
  return { ...(flagSetId && { flagSetId }), ...(source && { source }) };
}

/** The selector as it would be written, for people; nothing for the one that selects everything. */
export function expressionOf({ flagSetId, source }: Selector): { readonly selector?: string } {
  const parts = [
    ...(flagSetId === undefined ? [] : [`flagSetId=${flagSetId}`]),
    ...(source === undefined ? [] : [`source=${source}`]),
  ];
  return parts.length === 0 ? {} : { selector: parts.join(",") };
}
