/** What OFREP says about one flag: the answer to a single evaluation, an element of a bulk one. */

import type { Steps } from "../../core/turns.ts";
import { Derived, once } from "../../evaluation/memo.ts";
import { failed, kindOf, type Outcome } from "../../evaluation/outcomes.ts";
import {
  bulkOutcome,
  type EvaluationContext,
  isFixed,
  type PreparedFlag,
} from "../../evaluation/resolve.ts";
import { htmlSafeJson } from "../../flags/canonical.ts";
import type { View } from "../../store/view.ts";
import { inBlocks, type OutcomeGroup } from "../answer-blocks.ts";

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
  /** What metrics count. */
  readonly counted: readonly OutcomeGroup[];
  /** JSON in UTF-8. */
  readonly body: Uint8Array;
  /** Made of the answer's own text, so that it differs wherever the answers of two contexts do. */
  readonly etag: string;
}

/** Elements that follow one another in an answer. */
interface Block {
  readonly counted: OutcomeGroup;
  readonly json: Buffer;
  readonly hash: string;
}

const fixedAnswer = new Derived<View, BulkAnswer | null>();
const blocksOf = inBlocks(makeBlock);

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
  const blocks = yield* blocksOf(view, context);
  const parts: Uint8Array[] = [];
  let hashes = "";
  for (const { json, hash } of blocks) {
    parts.push(parts.length === 0 ? flagsHead : comma, json);
    hashes += `${hash} `;
  }
  if (parts.length === 0) parts.push(flagsHead);
  const streams = eventStreams === undefined ? "" : `,"eventStreams":${eventStreams}`;
  const rest = `],"metadata":${htmlSafeJson(view.reflection)}${streams}}`;
  parts.push(Buffer.from(rest));
  return {
    counted: blocks.map(({ counted }) => counted),
    body: Buffer.concat(parts),
    etag: `"${Bun.hash(hashes + rest).toString(36)}"`,
  };
}

const flagsHead = Buffer.from('{"flags":[');
const comma = Buffer.from(",");

function makeBlock(flags: readonly PreparedFlag[], outcomes: readonly Outcome[]): Block {
  const elements = flags.map((flag, i) => elementOf(bulkOutcome(outcomes[i] as Outcome, flag)));
  const json = Buffer.from(elements.map((element) => element.json).join(","));
  const counted = { outcomes: elements.map((element) => element.counted), times: 0 };
  return { counted, json, hash: Bun.hash(json).toString(36) };
}

/**
 * Whether an `If-None-Match` header names `etag`, by the weak comparison of RFC 9110 §13.1.2. The
 * OFREP specification answers such a POST by 304.
 */
export function matches(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch.trim() === "*") return true;
  return ifNoneMatch.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}
