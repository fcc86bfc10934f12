/** What the conformance service answers, whichever path the call came by. */
import { create } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import { type Code, ConnectError } from "@connectrpc/connect";
import {
  type ConformancePayload,
  ConformancePayloadSchema,
  type ErrorDefinition,
  type Header,
  HeaderSchema,
  type RequestInfo,
  RequestInfoSchema,
  type UnaryResponseDefinition,
} from "./messages.ts";

/** What a method knows of its call. */
export interface Caller {
  readonly headers: Headers;
  readonly timeoutMs: number | undefined;
  /** Of a GET. */
  readonly query?: URLSearchParams;
}

export function describeRequest(caller: Caller, requests: Any[]): RequestInfo {
  return create(RequestInfoSchema, {
    requestHeaders: toHeaders(caller.headers),
    requests,
    ...(caller.timeoutMs !== undefined && { timeoutMs: BigInt(Math.trunc(caller.timeoutMs)) }),
    ...(caller.query && { connectGetInfo: { queryParams: toHeaders(caller.query) } }),
  });
}

/** @throws ConnectError if an error is asked for. */
export function unaryPayload(
  definition: UnaryResponseDefinition | undefined,
  requestInfo: RequestInfo,
): ConformancePayload {
  const response = definition?.response;
  if (response?.case === "error") throw toError(response.value, requestInfo);
  const data = response?.case === "responseData" ? response.value : new Uint8Array(0);
  return create(ConformancePayloadSchema, { data, requestInfo });
}

/** The first message of a stream tells of the request, the others carry data alone. */
export function streamPayload(
  data: Uint8Array,
  requestInfo: RequestInfo | undefined,
): ConformancePayload {
  return create(ConformancePayloadSchema, { data, ...(requestInfo && { requestInfo }) });
}

/** @param requestInfo Goes into the error's details if no message carried it. */
export function toError(
  definition: ErrorDefinition,
  requestInfo: RequestInfo | undefined,
): ConnectError {
  // The numbers of the two enumerations are the same.
  const error = new ConnectError(definition.message ?? "", definition.code as Code);
  const details = [...definition.details];
  if (requestInfo) details.push(anyPack(RequestInfoSchema, requestInfo));
  error.details = details.map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
    value,
  }));
  return error;
}

export function addHeaders(headers: readonly Header[], to: Headers): void {
  for (const { name, value } of headers) for (const one of value) to.append(name, one);
}

/** Headers join values of the same name by commas; none of the suite's values has one. */
function toHeaders(fields: Headers | URLSearchParams): Header[] {
  const headers: Header[] = [];
  fields.forEach((value, name) => {
    headers.push(create(HeaderSchema, { name, value: value.split(/,\s*/) }));
  });
  return headers;
}
