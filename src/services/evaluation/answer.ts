/** From an outcome to what a Resolve method answers, made once per outcome and method. */
import {
  create,
  type DescMethodUnary,
  type Message,
  toBinary,
  toJsonString,
} from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { type Kind, kindOf } from "../../evaluation/kind.ts";
import { memoSlot, type Outcome } from "../../evaluation/outcome.ts";
import { failed } from "../../evaluation/outcomes.ts";
import type { Json } from "../../flags/model.ts";
import { type Dialect, dialects, isUnary } from "./dialects.ts";
import { errorOf } from "./errors.ts";
import { toInt64 } from "./int64.ts";

interface Success {
  /** What metrics count; differs from the outcome picked where the service adds an error. */
  readonly counted: Outcome;
  readonly error: undefined;
  readonly message: Message;
  readonly bytes: Uint8Array;
  /** The message in JSON, in UTF-8; made at the first use. */
  readonly json: Uint8Array;
}

interface Failure {
  readonly counted: Outcome;
  readonly error: ConnectError;
}

export type Answer = Success | Failure;

/** One Resolve method of one service. */
export interface ResolveMethod {
  readonly dialect: Dialect;
  readonly method: DescMethodUnary;
  readonly path: string;
  answer(outcome: Outcome): Answer;
}

/** Go flagd writes zero values into JSON, and clients without protobuf rely on finding them. */
export const jsonOptions = { alwaysEmitImplicit: true };

/** What a method takes for a value, and what it answers where there is none. */
interface ResultType {
  readonly kind: Kind;
  readonly zero: unknown;
  readonly convert: (value: Json) => unknown;
}

const asIs = (value: Json) => value;
const resultTypes: Readonly<Record<string, ResultType>> = {
  resolveBoolean: { kind: "boolean", zero: false, convert: asIs },
  resolveString: { kind: "string", zero: "", convert: asIs },
  resolveFloat: { kind: "number", zero: 0, convert: asIs },
  resolveInt: { kind: "number", zero: 0n, convert: (value) => toInt64(Number(value)) },
  resolveObject: { kind: "object", zero: {}, convert: asIs },
};

export const resolveMethods: readonly ResolveMethod[] = dialects.flatMap((dialect) =>
  dialect.service.methods.flatMap((method) => {
    const type = resultTypes[method.localName];
    if (type === undefined || !isUnary(method)) return [];
    return [defineMethod(dialect, method, type)];
  }),
);

function defineMethod(dialect: Dialect, method: DescMethodUnary, type: ResultType): ResolveMethod {
  const slot = memoSlot();
  return {
    dialect,
    method,
    path: `/${dialect.service.typeName}/${method.name}`,
    answer(outcome) {
      const made = outcome.memo[slot] as Answer | undefined;
      if (made !== undefined) return made;
      const answer = makeAnswer(dialect, method, type, outcome);
      outcome.memo[slot] = answer;
      return answer;
    },
  };
}

function makeAnswer(
  dialect: Dialect,
  method: DescMethodUnary,
  type: ResultType,
  outcome: Outcome,
): Answer {
  const { reason, errorCode, variant, value, metadata } = outcome;
  if (errorCode !== undefined) return { counted: outcome, error: errorOf(errorCode) };
  if (variant === undefined || value === undefined) {
    if (reason === "DISABLED")
      return success(method, outcome, nothing(dialect, type, outcome, reason));
    if (dialect.codeDefault === "not_found") return failure(outcome, "FLAG_NOT_FOUND");
    return success(method, outcome, nothing(dialect, type, outcome, dialect.codeDefault));
  }
  if (kindOf(value) !== type.kind) return failure(outcome, "TYPE_MISMATCH");
  const name = variant === "" && dialect.optionalFields ? undefined : variant;
  return success(method, outcome, {
    value: type.convert(value),
    reason,
    variant: name,
    metadata,
  });
}

function nothing(dialect: Dialect, type: ResultType, outcome: Outcome, reason: string) {
  const { metadata } = outcome;
  if (dialect.optionalFields) return { reason, metadata };
  return { value: type.zero, reason, variant: "", metadata };
}

function success(
  method: DescMethodUnary,
  counted: Outcome,
  init: Record<string, unknown>,
): Success {
  const message = create(method.output, init);
  let json: Uint8Array | undefined;
  return {
    counted,
    error: undefined,
    message,
    bytes: toBinary(method.output, message),
    get json() {
      json ??= Buffer.from(toJsonString(method.output, message, jsonOptions));
      return json;
    },
  };
}

function failure(outcome: Outcome, errorCode: "FLAG_NOT_FOUND" | "TYPE_MISMATCH"): Failure {
  return { counted: failed(outcome, errorCode), error: errorOf(errorCode) };
}
