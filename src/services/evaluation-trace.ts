import { codeForm, RpcError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { shorten } from "../core/message-text.ts";
import type { Outcome } from "../evaluation/outcomes.ts";
import type { EvaluationContext } from "../evaluation/resolve.ts";
import { parseTraceparent } from "../telemetry/tracing/trace-context.ts";
import type { Span, Tracer } from "../telemetry/tracing/tracer.ts";

/** One evaluation, of a flag or of all. One of its methods is to be called, once. */
export interface EvaluationSpan {
  flag(evaluated: EvaluatedFlag): void;
  flags(count: number): void;
  /** There was no evaluation. */
  failed(error: unknown): void;
}

/** What is told of the evaluation of one flag. */
export interface EvaluatedFlag {
  readonly key: string;
  readonly outcome: Outcome;
  /** That the caller is told of. */
  readonly error?: Error | undefined;
  /** Undefined: nothing depended on it. */
  readonly context?: EvaluationContext | undefined;
}

/** What is known of an evaluation when it begins. */
export interface EvaluationStart {
  /** The method: `resolveBoolean`. */
  readonly name: string;
  /** The instrumentation scope. */
  readonly scope: string;
  readonly kind: "server" | "internal";
  /** That of the call that the evaluation is part of. */
  readonly traceparent: string | null | undefined;
}

/** Undefined: the call is not traced. */
export type EvaluationTrace = (start: EvaluationStart) => EvaluationSpan | undefined;

/** Both follow every evaluation. */
export function both(one: EvaluationTrace, other: EvaluationTrace): EvaluationTrace {
  return (start) => {
    const [a, b] = [one(start), other(start)];
    if (!a || !b) return a ?? b;
    return {
      flag(evaluated) {
        a.flag(evaluated);
        b.flag(evaluated);
      },
      flags(count) {
        a.flags(count);
        b.flags(count);
      },
      failed(error) {
        a.failed(error);
        b.failed(error);
      },
    };
  };
}

/** A span for every evaluation, within that of its call. */
export function traceEvaluations(tracer: Tracer): EvaluationTrace {
  return ({ traceparent, ...start }) => {
    const parent = parseTraceparent(traceparent);
    return parent?.sampled ? evaluationSpan(tracer.within(start, parent)) : undefined;
  };
}

const provider = { "feature_flag.provider.name": "flagd" };

function evaluationSpan(span: Span): EvaluationSpan {
  return {
    flag({ key, outcome, error }) {
      const { variant = "", errorCode } = outcome;
      const attributes = {
        ...provider,
        "feature_flag.key": key,
        "feature_flag.result.variant": variant,
      };
      if (!error && errorCode === undefined) return span.end(attributes);
      addException(span, error ?? errorCode);
      span.end(attributes, `error evaluating flag with key ${key}`);
    },
    flags(count) {
      span.end({ "feature_flag.count": count });
    },
    failed(error) {
      span.end({}, addException(span, error));
    },
  };
}

/**
 * In the terms of every flagd, which traces may be searched for.
 * @returns the message
 */
function addException(span: Span, error: unknown): string {
  const [type, message] =
    error instanceof RpcError
      ? ["*connect.Error", `${codeForm(error.code).name}: ${error.rawMessage}`]
      : error instanceof Error
        ? [error.name, error.message]
        : ["EvaluationError", String(error)];
  span.event("exception", { "exception.type": type, "exception.message": message });
  return message;
}

/** Names of context members that an entry has at most. */
const maxKeys = 100;

/**
 * An entry for every evaluation, and one more if it failed, in the words of every flagd. Of the
 * context it has the names only.
 */
export function logEvaluations(log: Log): EvaluationTrace {
  return ({ name }) => ({
    flag({ key, outcome, error, context }) {
      const { reason, variant, errorCode } = outcome;
      const shown = shorten(key);
      const fields = {
        "flag-key": shown,
        ...(context && { "context-keys": Object.keys(context).slice(0, maxKeys).map(shorten) }),
      };
      log.debug(
        name === "resolveAnyValue"
          ? `evaluating flag \`${shown}\` as a generic flag`
          : `evaluating ${name.replace("resolve", "").toLowerCase()} flag: ${shown}`,
        { ...fields, reason, ...(variant !== undefined && { variant }) },
      );
      if (error === undefined && errorCode === undefined) return;
      log.warn(`returning error response, reason: ${errorCode ?? error?.message}`, fields);
    },
    flags: (count) => log.debug(`evaluating all flags: ${count}`),
    failed: (error) => log.warn(`evaluating nothing: ${error}`),
  });
}
