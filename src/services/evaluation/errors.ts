import { Code, RpcError } from "../../core/rpc-error.ts";
import type { ErrorCode } from "../../evaluation/outcomes.ts";

// Made once: none of them carries anything of a request, and a stack trace would say nothing.
const errors: Readonly<Record<ErrorCode, RpcError>> = {
  FLAG_NOT_FOUND: new RpcError("Flag not found", Code.NotFound),
  PARSE_ERROR: new RpcError("Error parsing input or configuration", Code.DataLoss),
  TYPE_MISMATCH: new RpcError("Type mismatch error", Code.InvalidArgument),
  GENERAL: new RpcError("General error", Code.Unknown),
};

/** The error that a caller of a Resolve method gets for a code. */
export function errorOf(code: ErrorCode): RpcError {
  return errors[code];
}
