import { once } from "../../evaluation/memo.ts";
import { failed, kindOf, type Outcome } from "../../evaluation/outcomes.ts";
import { htmlSafeJson } from "../../flags/canonical.ts";

/** What OFREP says about one flag: the answer to a single evaluation, an element of a bulk one. */

/** One flag in an answer. */
export interface Element {
  /** What metrics count: the outcome that was picked, or an error where it cannot be answered. */
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
