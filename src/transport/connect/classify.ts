import { Code } from "@connectrpc/connect";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import type { CallRecord } from "../../core/calls.ts";

/** Which protocol a request to a method speaks, by its content type. */
export function protocolOf(contentType: string | undefined): CallRecord["protocol"] {
  if (contentType === undefined) return "http";
  if (contentType.startsWith("application/grpc-web")) return "grpc_web";
  if (contentType.startsWith("application/grpc")) return "grpc";
  return "connect_rpc";
}

/** Flags of the envelopes that end a stream: Connect's, and gRPC-web's with the trailers. */
const endFlags = 0x82;

/** Is what Connect's handlers gave, an envelope at a time, a message? */
export function isMessage([flags = 0]: Uint8Array): boolean {
  return (flags & endFlags) === 0;
}

/** Connect's HTTP statuses of errors; those of several codes stand for the likeliest. */
const codes: Readonly<Record<number, Code>> = {
  400: Code.InvalidArgument,
  401: Code.Unauthenticated,
  403: Code.PermissionDenied,
  404: Code.NotFound,
  409: Code.Aborted,
  429: Code.ResourceExhausted,
  499: Code.Canceled,
  500: Code.Unknown,
  501: Code.Unimplemented,
  503: Code.Unavailable,
  504: Code.DeadlineExceeded,
};

/**
 * The gRPC code of a finished answer.
 * @param failed the code of the error that the method threw, if it did
 */
export function codeOf(
  response: UniversalServerResponse,
  gone: boolean,
  failed: Code | undefined,
): number | undefined {
  const status = response.trailer?.get("grpc-status") ?? response.header?.get("grpc-status");
  if (status) return Number(status);
  if (gone) return Code.Canceled;
  return failed ?? (response.status === 200 ? 0 : codes[response.status]);
}
