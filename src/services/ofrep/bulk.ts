import type { Steps } from "../../core/steps.ts";
import { Derived } from "../../evaluation/memo.ts";
import type { Outcome } from "../../evaluation/outcomes.ts";
import {
  bulkOutcome,
  type EvaluationContext,
  isFixed,
  type PreparedFlag,
  resolveAll,
} from "../../evaluation/resolve.ts";
import { htmlSafeJson } from "../../flags/canonical.ts";
import type { View } from "../../store/view.ts";
import { type Element, elementOf } from "./element.ts";

/** OFREP's bulk evaluation: all elements of a view in one document, with an entity tag. */

/** An answer about all flags. */
export interface BulkAnswer {
  readonly elements: readonly Element[];
  readonly json: string;
  /** Made of the answer's own text, so that it differs wherever the answers of two contexts do. */
  readonly etag: string;
}

const fixedAnswer = new Derived<View, BulkAnswer | null>();

/**
 * Made once per view where no flag depends on the context.
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
