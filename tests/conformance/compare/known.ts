/**
 * The differences that are meant: each by its name, why it is meant, and what exactly it may look
 * like. Whatever no rule explains is a finding.
 */
import type { Difference } from "./differences.ts";
import { knownAnswers } from "./known-answers.ts";
import { knownForms } from "./known-forms.ts";

/** See `withoutLeak`. */
export const leakRule = "flagSetId= reflects nothing";

const knownRules = [...knownAnswers, ...knownForms];

/** The name of the rule that explains a difference. */
export function explain(difference: Difference): string | undefined {
  return knownRules.find(({ explains }) => explains(difference))?.name;
}
