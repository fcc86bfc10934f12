import { Code, ConnectError } from "@connectrpc/connect";
import type { ErrorCode } from "../../evaluation/outcome.ts";

export { invalidArgument, streamDeadlineExceeded } from "../errors.ts";

// Made once: none of them carries anything of a request, and a stack trace would say nothing.
const errors: Readonly<Record<ErrorCode, ConnectError>> = {
  FLAG_NOT_FOUND: new ConnectError("Flag not found", Code.NotFound),
  PARSE_ERROR: new ConnectError("Error parsing input or configuration", Code.DataLoss),
  TYPE_MISMATCH: new ConnectError("Type mismatch error", Code.InvalidArgument),
  GENERAL: new ConnectError("General error", Code.Unknown),
};

export function errorOf(code: ErrorCode): ConnectError {
  return errors[code];
}
