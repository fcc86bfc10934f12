/** What SyncFlags and FetchAllFlags requests ask for. */
import { DecodeError, LENGTH_DELIMITED, WireReader } from "../../protobuf/reader.ts";
import { InvalidSelectorError, parseSelector } from "../../store/selector.ts";
import type { Selector } from "../../store/view.ts";
import type { SyncClient } from "../../telemetry/stream-metrics.ts";
import type { HeaderLookup } from "../context-additions.ts";
import { invalidArgument } from "../rpc-service.ts";
import { confine, selectorHeader, selectorOf } from "../selector-header.ts";

/** The fields that the request messages share. */
export interface SyncRequest {
  readonly providerId: string;
  readonly selector: string;
}

const reader = new WireReader();

const FIRST = (1 << 3) | LENGTH_DELIMITED;
const SECOND = (2 << 3) | LENGTH_DELIMITED;

/**
 * `SyncFlagsRequest` and `FetchAllFlagsRequest { string provider_id = 1; string selector = 2; }`, and
 * with neither field `GetMetadataRequest {}`.
 * @throws RpcError when it is no such message
 */
export function decodeSyncRequest(message: Uint8Array): SyncRequest {
  const end = message.length;
  let providerId = "";
  let selector = "";
  try {
    reader.start(message);
    while (reader.position < end) {
      const tag = reader.tag(end);
      if (tag === FIRST) providerId = reader.text(end);
      else if (tag === SECOND) selector = reader.text(end);
      else reader.skip(tag, end, 1);
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw invalidArgument(`unmarshal message: ${error.message}`);
  }
  return { providerId, selector };
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
    return confine(
      isPresent(header) ? selectorOf(header(selectorHeader)) : parseSelector(request.selector),
      header,
    );
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
