/** From an outcome to what a Resolve method answers, made once per outcome and method. */

import { Code, RpcError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import { once } from "../../evaluation/memo.ts";
import {
  type ErrorCode,
  failed,
  type Kind,
  kindOf,
  type Outcome,
} from "../../evaluation/outcomes.ts";
import { type Dialect, dialects, type MethodName, methodName } from "./dialects.ts";
import { encodeReply, type Reply, replyJson } from "./reply.ts";

interface Success {
  /** What metrics count: the outcome that was picked, or the error that the service makes of it. */
  readonly counted: Outcome;
  readonly error: undefined;
  readonly reply: Reply;
  /** The message on the wire. */
  readonly bytes: Uint8Array;
  /** The message in JSON, in UTF-8; made at the first use. */
  readonly json: Uint8Array;
}

interface Failure {
  readonly counted: Outcome;
  readonly error: RpcError;
}

/** What a Resolve method answers to one outcome. */
export type Answer = Success | Failure;

// Made once: none of them carries anything of a request, and a stack trace would say nothing.
const errors: Readonly<Record<ErrorCode, RpcError>> = {
  FLAG_NOT_FOUND: new RpcError("Flag not found", Code.NotFound),
  PARSE_ERROR: new RpcError("Error parsing input or configuration", Code.DataLoss),
  TYPE_MISMATCH: new RpcError("Type mismatch error", Code.InvalidArgument),
  GENERAL: new RpcError("General error", Code.Unknown),
};

/** One Resolve method of one service. */
export interface ResolveMethod extends MethodName {
  answer(outcome: Outcome): Answer;
}

/** What a method takes for a value, and what it answers when there is none. */
interface ResultType {
  readonly kind: Kind;
  readonly zero: Json | bigint;
  readonly convert: (value: Json) => Json | bigint;
}

const asIs = (value: Json) => value;
const resultTypes: Readonly<Record<string, ResultType>> = {
  resolveBoolean: { kind: "boolean", zero: false, convert: asIs },
  resolveString: { kind: "string", zero: "", convert: asIs },
  resolveFloat: { kind: "number", zero: 0, convert: asIs },
  resolveInt: { kind: "number", zero: 0n, convert: (value) => toInt64(Number(value)) },
  resolveObject: { kind: "object", zero: {}, convert: asIs },
};

/** The Resolve methods of all versions of the service. */
export const resolveMethods: readonly ResolveMethod[] = dialects.flatMap((dialect) =>
  Object.entries(resultTypes).map(([name, type]) => defineMethod(methodName(dialect, name), type)),
);

function defineMethod(method: MethodName, type: ResultType): ResolveMethod {
  return {
    ...method,
    answer: once((outcome: Outcome): Answer => makeAnswer(method.dialect, type, outcome)),
  };
}

function makeAnswer(dialect: Dialect, type: ResultType, outcome: Outcome): Answer {
  const { reason, errorCode, variant, value, metadata } = outcome;
  if (errorCode !== undefined) return { counted: outcome, error: errors[errorCode] };
  if (variant === undefined || value === undefined) {
    if (reason === "DISABLED") return success(dialect, outcome, nothing(dialect, type, outcome));
    if (dialect.codeDefault === "not_found") return failure(outcome, "FLAG_NOT_FOUND");
    const reply = { ...nothing(dialect, type, outcome), reason: dialect.codeDefault };
    return success(dialect, outcome, reply);
  }
  if (kindOf(value) !== type.kind) return failure(outcome, "TYPE_MISMATCH");
  const name = variant === "" && dialect.optionalFields ? undefined : variant;
  return success(dialect, outcome, {
    value: type.convert(value),
    reason,
    variant: name,
    metadata,
  });
}

function nothing(dialect: Dialect, type: ResultType, { reason, metadata }: Outcome): Reply {
  if (dialect.optionalFields) return { value: undefined, reason, variant: undefined, metadata };
  return { value: type.zero, reason, variant: "", metadata };
}

function success({ optionalFields }: Dialect, counted: Outcome, reply: Reply): Success {
  let json: Uint8Array | undefined;
  return {
    counted,
    error: undefined,
    reply,
    bytes: encodeReply(reply, optionalFields),
    get json() {
      json ??= replyJson(reply);
      return json;
    },
  };
}

function failure(outcome: Outcome, errorCode: "FLAG_NOT_FOUND" | "TYPE_MISMATCH"): Failure {
  return { counted: failed(outcome, errorCode), error: errors[errorCode] };
}

const maxInt64 = 2n ** 63n - 1n;
const minInt64 = -(2n ** 63n);

/** The whole part of a number, cut toward zero, held within int64. Not a number gives 0. */
function toInt64(value: number): bigint {
  if (value >= 2 ** 63) return maxInt64;
  if (value <= -(2 ** 63)) return minInt64;
  return Number.isNaN(value) ? 0n : BigInt(Math.trunc(value));
}
