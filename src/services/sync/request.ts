/** What SyncFlags and FetchAllFlags requests ask for. */
import { InvalidSelectorError, parseSelector } from "../../store/selector.ts";
import type { Selector } from "../../store/view.ts";
import type { SyncClient } from "../../telemetry/sync-metrics.ts";
import type { HeaderLookup } from "../context.ts";
import { invalidArgument } from "../errors.ts";
import { selectorHeader, selectorOf } from "../selector-header.ts";

/** The fields that the request messages share. */
export interface SyncRequest {
  readonly providerId: string;
  readonly selector: string;
}

/** Longer texts of clients are cut in metrics. */
const labelLength = 100;

/**
 * A `Flagd-Selector` header wins over the request's field even when it is empty, which selects
 * everything.
 * @throws RpcError when the selector is invalid
 */
export function selectorFrom(request: SyncRequest, header: HeaderLookup): Selector {
  try {
    return isPresent(header) ? selectorOf(header(selectorHeader)) : parseSelector(request.selector);
  } catch (error) {
    if (error instanceof InvalidSelectorError) throw invalidArgument(error.message);
    throw error;
  }
}

/** Who asks, for metrics. */
export function clientOf(request: SyncRequest, header: HeaderLookup): SyncClient {
  const given = isPresent(header) ? header(selectorHeader) : request.selector;
  const selector = typeof given === "string" ? given : given?.[0];
  return {
    ...(selector && { selector: selector.slice(0, labelLength) }),
    ...(request.providerId && { providerId: request.providerId.slice(0, labelLength) }),
  };
}

function isPresent(header: HeaderLookup): boolean {
  const value = header(selectorHeader);
  return value !== undefined && value !== null;
}
