import type { ConnectError } from "@connectrpc/connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { type Code, RpcError } from "../../src/core/errors.ts";

/** An error with details as the fast path sends it: these are metadata of a fixed name. */
export function fastPathError(error: ConnectError): RpcError {
  const metadata = new Headers();
  setTrailerStatus(metadata, error);
  return new RpcError(error.rawMessage, error.code as number as Code, metadata);
}
