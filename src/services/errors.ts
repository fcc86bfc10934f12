/** Errors that more than one service answers with. */
import { Code, ConnectError } from "@connectrpc/connect";

export function invalidArgument(message: string): ConnectError {
  return new ConnectError(message, Code.InvalidArgument);
}

export function streamDeadlineExceeded(): ConnectError {
  return new ConnectError("stream closed due to server-side timeout", Code.DeadlineExceeded);
}
