import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import type { Outcome } from "../../evaluation/outcomes.ts";

/** What a flag answers, as a person or a program is told; JSON has no member for what is undefined. */
export interface Answer {
  readonly key: string;
  readonly value: Json | undefined;
  readonly variant: string | undefined;
  readonly reason: string;
  readonly errorCode: string | undefined;
  /** What is wrong, of an error that somebody else has met. */
  readonly errorDetails?: string | undefined;
  readonly metadata: JsonObject;
}

export function answerOf({ key, value, variant, reason, errorCode, metadata }: Outcome): Answer {
  return { key, value, variant, reason, errorCode, metadata };
}

/** The answer of a daemon, as OFREP has it; undefined if it is none. */
export function answerOfOfrep(element: Json | undefined): Answer | undefined {
  if (!isObject(element) || typeof element.key !== "string") return undefined;
  const { key, value, metadata } = element;
  const errorCode = text(element.errorCode);
  return {
    key,
    value,
    variant: text(element.variant),
    reason: errorCode === undefined ? (text(element.reason) ?? "UNKNOWN") : "ERROR",
    errorCode,
    errorDetails: text(element.errorDetails),
    metadata: isObject(metadata) ? metadata : {},
  };
}

function text(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
