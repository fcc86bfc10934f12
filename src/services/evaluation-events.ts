/**
 * Evaluations as OpenTelemetry's semantic conventions record them: the event `feature_flag.evaluation`.
 * https://opentelemetry.io/docs/specs/semconv/feature-flags/feature-flags-events/
 */
import { RpcError } from "../core/errors.ts";
import { shorten } from "../core/message-text.ts";
import { parseTraceparent, type SpanContext } from "../telemetry/tracing/trace-context.ts";
import type { EvaluatedFlag, EvaluationSpan, EvaluationTrace } from "./evaluation-trace.ts";

export type EventAttributes = Readonly<Record<string, string | number | boolean>>;

/** Takes an event. @param parent the span of the call that it is part of */
export type EmitEvent = (attributes: EventAttributes, parent: SpanContext | undefined) => void;

/**
 * An event for a part of the evaluations of single flags. Answers about all flags are none: clients keep them, and
 * say themselves when they use a flag.
 * @param ratio of the evaluations that are reported, from 0 to 1
 */
export function reportEvaluations(
  emit: EmitEvent,
  ratio: number,
  random: () => number = Math.random,
): EvaluationTrace {
  return ({ traceparent }) => {
    if (random() >= ratio) return undefined;
    return {
      flag: (evaluated) => emit(attributesOf(evaluated), parseTraceparent(traceparent)),
      flags() {},
      failed() {},
    } satisfies EvaluationSpan;
  };
}

function attributesOf({ key, outcome, error, context }: EvaluatedFlag): EventAttributes {
  const { variant, reason, errorCode, metadata } = outcome;
  const { flagSetId, version } = metadata;
  const id = context?.targetingKey;
  const failed = error !== undefined || errorCode !== undefined;
  return {
    "feature_flag.key": shorten(key),
    "feature_flag.provider.name": "flagd",
    "feature_flag.result.reason": failed ? "error" : reason.toLowerCase(),
    ...(variant !== undefined && !failed && { "feature_flag.result.variant": variant }),
    ...(typeof id === "string" && { "feature_flag.context.id": shorten(id) }),
    ...(typeof flagSetId === "string" && { "feature_flag.set.id": flagSetId }),
    ...((typeof version === "string" || typeof version === "number") && {
      "feature_flag.version": String(version),
    }),
    ...(failed && {
      "error.type": (errorCode ?? "GENERAL").toLowerCase(),
      ...(error && {
        "feature_flag.error.message": error instanceof RpcError ? error.rawMessage : error.message,
      }),
    }),
  };
}
