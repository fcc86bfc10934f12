import type { DescService } from "@bufbuild/protobuf";
import { Code, RpcError } from "../core/errors.ts";
import type { FastPath, Routes } from "../transport/listener.ts";

/** A service that is called by gRPC and its relatives, by two ways that give the same answers. */
export interface RpcService extends FastPath {
  /** Loads the handlers for what is not on the fast path. */
  readonly routes: () => Promise<Routes>;
  /** Loads the descriptions of the services, for health and reflection. */
  readonly descriptors: () => Promise<readonly DescService[]>;
  /** Ends every open stream, and those that are opened later. */
  shutdown(): void;
}

export function invalidArgument(message: string): RpcError {
  return new RpcError(message, Code.InvalidArgument);
}

export function streamDeadlineExceeded(): RpcError {
  return new RpcError("stream closed due to server-side timeout", Code.DeadlineExceeded);
}
