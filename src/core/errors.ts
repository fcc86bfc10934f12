/** A wrong option, variable, file or value: printed as it is, exit 1. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** How a call fails: gRPC's status codes, which Connect shares. */

/** https://grpc.io/docs/guides/status-codes/ */
export const Code = {
  Canceled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  AlreadyExists: 6,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Aborted: 10,
  OutOfRange: 11,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
  Unauthenticated: 16,
} as const;
export type Code = (typeof Code)[keyof typeof Code];

interface CodeForm {
  /** As Connect's protocol spells it. */
  readonly name: string;
  /** Of an error in Connect's protocol. */
  readonly httpStatus: number;
}

/** https://connectrpc.com/docs/protocol/#error-codes */
const forms: Readonly<Record<number, CodeForm>> = {
  1: { name: "canceled", httpStatus: 499 },
  2: { name: "unknown", httpStatus: 500 },
  3: { name: "invalid_argument", httpStatus: 400 },
  4: { name: "deadline_exceeded", httpStatus: 504 },
  5: { name: "not_found", httpStatus: 404 },
  6: { name: "already_exists", httpStatus: 409 },
  7: { name: "permission_denied", httpStatus: 403 },
  8: { name: "resource_exhausted", httpStatus: 429 },
  9: { name: "failed_precondition", httpStatus: 400 },
  10: { name: "aborted", httpStatus: 409 },
  11: { name: "out_of_range", httpStatus: 400 },
  12: { name: "unimplemented", httpStatus: 501 },
  13: { name: "internal", httpStatus: 500 },
  14: { name: "unavailable", httpStatus: 503 },
  15: { name: "data_loss", httpStatus: 500 },
  16: { name: "unauthenticated", httpStatus: 401 },
};
const unknown: CodeForm = { name: "unknown", httpStatus: 500 };

/** How Connect's protocol writes a code. */
export function codeForm(code: number): CodeForm {
  return forms[code] ?? unknown;
}

/**
 * An error that the caller is told of. Connect's library recognizes its own errors by their members, and
 * takes this for one of them, so that services need not load Connect in order to fail.
 */
export class RpcError extends Error {
  override readonly name = "ConnectError";
  override readonly cause: unknown = undefined;
  readonly rawMessage: string;
  readonly details: readonly never[] = [];
  /** Sent with the status. */
  readonly metadata: Headers;

  constructor(
    message: string,
    readonly code: Code,
    metadata?: Headers,
  ) {
    super(message);
    this.rawMessage = message;
    this.metadata = metadata ?? new Headers();
  }

  /** Of anything else that was thrown, only that it was. */
  static from(thrown: unknown): RpcError {
    if (thrown instanceof RpcError) return thrown;
    return new RpcError(messageOf(thrown), Code.Internal);
  }
}

/** What was thrown, as text. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
