import { isObject, type Json } from "../../core/json.ts";
import { preview } from "../../core/message-text.ts";
import { explain } from "../../evaluation/explain.ts";
import type { Outcome } from "../../evaluation/outcomes.ts";
import { resolve } from "../../evaluation/resolve.ts";
import { FlagsAtHand } from "../evaluate/flags-at-hand.ts";
import type { SourceDocument } from "../read-source.ts";
import type { Case, CaseFile, Expectation } from "./case-file.ts";

/** What became of one case. */
export interface CaseResult {
  readonly name: string;
  readonly flag: string;
  /** One for each member that is not as expected; none: it passed. */
  readonly differences: readonly Difference[];
  /** Why the flag answers as it does, of a case that failed. */
  readonly why: string | undefined;
}

export interface Difference {
  readonly member: string;
  /** As JSON. */
  readonly expected: string;
  readonly found: string;
}

export interface FileResult {
  readonly path: string;
  readonly cases: readonly CaseResult[];
}

/**
 * Runs the cases of a file.
 * @throws SourceError for a flag document that cannot be used
 */
export function runCases(file: CaseFile, documents: readonly SourceDocument[]): FileResult {
  let at: number | undefined;
  const now = () => at ?? Date.now();
  const { fractional } = file;
  const flags = new FlagsAtHand(documents, { fractional, now });
  return {
    path: file.path,
    cases: file.cases.map((test) => {
      at = test.at;
      const context = () => ({ ...test.context, ...flags.context });
      const outcome = resolve(flags.view, test.flag, context);
      const differences = differencesOf(test.expect, outcome);
      const flag = flags.view.flags.get(test.flag);
      const why = () =>
        flag &&
        explain(flag.definition, flags.originOf(flag.definition), context(), { fractional, now })
          .why;
      return result(test, differences, differences.length > 0 ? why() : undefined);
    }),
  };
}

function result(
  { name, flag }: Case,
  differences: readonly Difference[],
  why: string | undefined,
): CaseResult {
  return { name, flag, differences, why };
}

function differencesOf(expected: Expectation, outcome: Outcome): readonly Difference[] {
  const differences: Difference[] = [];
  const compare = (member: string, wanted: Json | undefined, found: Json | undefined) => {
    if (wanted === undefined || equal(wanted, found ?? null)) return;
    differences.push({
      member,
      expected: preview(wanted, 1_000),
      found: found === undefined ? "none" : preview(found, 1_000),
    });
  };
  compare("value", expected.value, outcome.value);
  compare("variant", expected.variant, outcome.variant);
  compare("reason", expected.reason, outcome.reason);
  compare("errorCode", expected.errorCode, outcome.errorCode);
  for (const [name, value] of Object.entries(expected.metadata ?? {})) {
    compare(`metadata.${name}`, value, outcome.metadata[name]);
  }
  return differences;
}

/** As JSON values: the order of members says nothing. */
function equal(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((element, i) => equal(element, b[i]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && equal(a[name] ?? null, b[name] ?? null))
  );
}
