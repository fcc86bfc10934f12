/** Errors that more than one service answers with. */
import { Code, RpcError } from "../core/rpc-error.ts";

export function invalidArgument(message: string): RpcError {
  return new RpcError(message, Code.InvalidArgument);
}

export function streamDeadlineExceeded(): RpcError {
  return new RpcError("stream closed due to server-side timeout", Code.DeadlineExceeded);
}
