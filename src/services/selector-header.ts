import { parseSelector } from "../store/selector.ts";
import type { Selector } from "../store/view.ts";

/** The request header by which clients select flags, in lower case. */
export const selectorHeader = "flagd-selector";

/**
 * What the `Flagd-Selector` header selects. Absent or empty: everything. Of several headers the
 * first counts; HTTP libraries join them by `", "`.
 * @throws InvalidSelectorError
 */
export function selectorOf(header: string | readonly string[] | null | undefined): Selector {
  if (!header) return parseSelector(undefined);
  const text = typeof header === "string" ? header : (header[0] ?? "");
  const comma = text.indexOf(", ");
  return parseSelector(comma < 0 ? text : text.slice(0, comma));
}
