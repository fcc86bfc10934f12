import { Code, RpcError } from "../core/errors.ts";
import { narrowed, parseSelector } from "../store/selector.ts";
import type { Selector } from "../store/view.ts";
import { confinedHeader } from "../transport/guard.ts";
import type { HeaderLookup } from "./context-additions.ts";

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

/**
 * What a client that may be confined sees of what it selects.
 * @throws RpcError if that is something else than it is confined to
 */
export function confine(selector: Selector, header: HeaderLookup): Selector {
  const to = header(confinedHeader);
  if (!to) return selector;
  const both = narrowed(selector, selectorOf(to));
  if (both) return both;
  throw new RpcError(`the token is confined to ${to}`, Code.PermissionDenied);
}
