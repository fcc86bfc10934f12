/** What OFREP says about one flag: the answer to a single evaluation, an element of a bulk one. */

import type { Steps } from "../../core/turns.ts";
import { Derived, once } from "../../evaluation/memo.ts";
import { failed, kindOf, type Outcome } from "../../evaluation/outcomes.ts";
import {
  bulkOutcome,
  type EvaluationContext,
  isFixed,
  type PreparedFlag,
  resolveAll,
} from "../../evaluation/resolve.ts";
import { htmlSafeJson } from "../../flags/canonical.ts";
import type { View } from "../../store/view.ts";

/** One flag in an answer. */
export interface Element {
  /** What metrics count: the outcome that was picked, or an error if it cannot be answered. */
  readonly counted: Outcome;
  /** HTTP status of a single evaluation. */
  readonly status: 200 | 400 | 404;
  readonly json: string;
}

/** Made once per outcome. The value null is the error GENERAL. */
export const elementOf = once((outcome: Outcome) =>
  makeElement(isNull(outcome) ? failed(outcome, "GENERAL") : outcome),
);

function isNull({ value }: Outcome): boolean {
  return value !== undefined && kindOf(value) === "null";
}

function makeElement(counted: Outcome): Element {
  const { key, reason, errorCode, variant, value, metadata } = counted;
  const members: string[] = [];
  const add = (name: string, json: string) => members.push(`"${name}":${json}`);
  if (value !== undefined) add("value", htmlSafeJson(value));
  add("key", htmlSafeJson(key));
  if (errorCode === undefined) {
    add("reason", htmlSafeJson(reason));
    if (variant) add("variant", htmlSafeJson(variant));
  } else {
    add("errorCode", htmlSafeJson(errorCode));
    add("errorDetails", htmlSafeJson(detailsOf(counted)));
  }
  add("metadata", htmlSafeJson(metadata));
  return { counted, status: statusOf(counted), json: `{${members.join(",")}}` };
}

function statusOf({ errorCode }: Outcome): 200 | 400 | 404 {
  if (errorCode === undefined) return 200;
  return errorCode === "FLAG_NOT_FOUND" ? 404 : 400;
}

function detailsOf({ key, errorCode }: Outcome): string {
  switch (errorCode) {
    case "FLAG_NOT_FOUND":
      return `flag \`${key}\` does not exist`;
    case "PARSE_ERROR":
      return `error parsing the flag \`${key}\``;
    default:
      return "error processing the flag for evaluation";
  }
}

/** An answer about all flags. */
export interface BulkAnswer {
  readonly elements: readonly Element[];
  readonly json: string;
  /** Made of the answer's own text, so that it differs wherever the answers of two contexts do. */
  readonly etag: string;
}

const fixedAnswer = new Derived<View, BulkAnswer | null>();

/**
 * Made once per view if no flag depends on the context.
 * @param eventStreams JSON of the member of that name, the same for every answer of a view
 */
export function* bulkAnswer(
  view: View,
  context: EvaluationContext,
  eventStreams: string | undefined,
): Steps<BulkAnswer> {
  const made = fixedAnswer.get(view);
  if (made) return made;
  const answer = yield* makeAnswer(view, context, eventStreams);
  if (made === undefined) fixedAnswer.set(view, (yield* isFixed(view)) ? answer : null);
  return answer;
}

function* makeAnswer(
  view: View,
  context: EvaluationContext,
  eventStreams: string | undefined,
): Steps<BulkAnswer> {
  const elements: Element[] = [];
  const each = (flag: PreparedFlag, outcome: Outcome): void => {
    elements.push(elementOf(bulkOutcome(outcome, flag)));
  };
  yield* resolveAll(view, context, each);
  const flags = elements.map((element) => element.json).join(",");
  const streams = eventStreams === undefined ? "" : `,"eventStreams":${eventStreams}`;
  const json = `{"flags":[${flags}],"metadata":${htmlSafeJson(view.reflection)}${streams}}`;
  return { elements, json, etag: `"${Bun.hash(json).toString(36)}"` };
}

/**
 * Whether an `If-None-Match` header names `etag`, by the weak comparison of RFC 9110 §13.1.2. The
 * OFREP specification answers such a POST by 304.
 */
export function matches(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch.trim() === "*") return true;
  return ifNoneMatch.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}
