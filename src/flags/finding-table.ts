/** How bad a finding is. Errors reject the document; warnings do so with `strict`. */
export type FindingSeverity = "error" | "warning" | "information";

/** One kind of finding, as messages and the reference know it. */
export interface FindingKind {
  readonly severity: FindingSeverity;
  /** What is wrong. */
  readonly about: string;
  /** What to write instead. */
  readonly advice: string;
  /** True: providers that evaluate the rule themselves differ. */
  readonly portability?: true;
}

const error = (about: string, advice: string): FindingKind => ({
  severity: "error",
  about,
  advice,
});
const warning = (about: string, advice: string): FindingKind => ({
  severity: "warning",
  about,
  advice,
});
const information = (about: string, advice: string): FindingKind => ({
  severity: "information",
  about,
  advice,
});
const portability = (about: string, advice: string): FindingKind => ({
  severity: "information",
  about,
  advice,
  portability: true,
});

/** Everything that can be found in a flag document, by code. */
export const findingTable = {
  syntax: error("The text is no JSON or YAML.", "Repair what the message names."),
  "no-flag-document": error(
    "The value is no flag document: not an object, or without `flags`.",
    'An object with the member `flags`; `{"flags":{}}` deletes all flags.',
  ),
  limit: error(
    "The document is larger, deeper or expands to more than any that works.",
    "Several documents, or fewer levels and references.",
  ),
  "no-json-value": error(
    "YAML made a value that JSON does not have, such as a set, a date or an infinite number.",
    "A string, a number, a boolean, a list or a map.",
  ),
  type: error("A member has a value of the wrong type.", "A value of the type that is named."),
  "default-variant": error(
    "`defaultVariant` names no variant of its flag.",
    "The name of a variant, or null for the default of the application.",
  ),
  "empty-evaluator": error("An evaluator has no rule.", "A rule, or remove the evaluator."),

  "yaml-warning": warning("The YAML parser has doubts.", "What the message says."),
  "yaml-date": warning(
    "A date without quotes, which other readers do not take as text.",
    "The date in quotes.",
  ),
  "duplicate-member": warning(
    "An object has a member twice; only the last one counts.",
    "One of the two, or another name.",
  ),
  "duplicate-flag": warning(
    "A list has a flag twice in the same flag set; only the last one counts.",
    "One of the two, or another key.",
  ),
  "similar-keys": warning(
    "Two flags, or two variants of a flag, have names that differ only in case.",
    "One spelling, or names that people do not confuse.",
  ),
  "member-case": warning(
    "A member differs from a known one only in case, and is ignored.",
    "The name as it is documented.",
  ),
  "misspelt-member": warning(
    "A member is unknown, and ignored; a known one has nearly the same name.",
    "The name that the message offers.",
  ),
  "no-key": warning("A flag has no key, or an empty one, and is ignored.", "A key."),
  state: warning(
    "`state` is missing, or neither `ENABLED` nor `DISABLED`: the flag is enabled.",
    '`"state": "ENABLED"` or `"DISABLED"`.',
  ),
  "no-variants": warning("A flag has no variants.", "At least one variant."),
  "variant-type": warning(
    "The variants of a flag are not of one type, or of one that SDKs cannot ask for.",
    "Booleans, strings, numbers or objects, all of one type.",
  ),
  metadata: warning(
    "A member of `metadata` that providers cannot hand on.",
    "A string, a number or a boolean.",
  ),
  "null-member": warning("null stands where an object is expected.", "An object."),
  "unresolved-reference": warning(
    "A `$ref` leads to no evaluator, or in a circle.",
    "The name of an evaluator of `$evaluators`.",
  ),
  "no-rule": warning("Targeting is no rule.", "An object with one member, the operator."),
  "no-operation": warning(
    "An object with several members stands where an operation is expected.",
    "One operator in each object.",
  ),
  "unknown-operator": warning(
    "An operator does not exist: the evaluation fails.",
    "One of the [operators](operators.md).",
  ),
  arity: warning("An operator has too many or too few arguments.", "As many as it takes."),
  argument: warning(
    "An argument is of a type, or has a value, that the operator cannot use.",
    "What the message names.",
  ),
  "no-version": warning(
    "`sem_ver` compares with a text that is no version, such as a range or a pattern.",
    'A version as `1.2.3`; a range is two comparisons, or `"^"` and `"~"` as the second argument.',
  ),
  "no-weight": warning(
    "The weights of `fractional` are all 0: it gives null.",
    "At least one weight above 0.",
  ),
  "unknown-variant": warning(
    "A rule can return something that is no variant: the evaluation fails with `GENERAL`.",
    "The name of a variant, or null for the default variant.",
  ),
  "equal-branches": warning(
    "All branches of a condition give the same, so that it decides nothing.",
    "The variant that was meant in one of them, or the result without condition.",
  ),
  "unreachable-branch": warning(
    "A branch can never be taken: its condition is constant, or was decided before.",
    "Another condition, or remove the branch.",
  ),
  "large-rule": warning(
    "A rule has more operations than an evaluation may take.",
    "A shorter rule, a list with `in` instead of many comparisons.",
  ),

  "ignored-member": information(
    "A member has no meaning to flagd.",
    "`metadata`, for facts that applications should see.",
  ),
  "unused-evaluator": information(
    "No flag refers to an evaluator.",
    "Remove it, or refer to it by `$ref`.",
  ),
  "unused-variant": information(
    "Neither the rule nor the default can give a variant.",
    "Remove it, if it is not kept for later.",
  ),
  "unused-default": information(
    "The rule always decides, so that `defaultVariant` is never used.",
    "null in the branch that should give the default, or leave it as it is.",
  ),
  "no-effect": information(
    "Targeting and default give the same variant for everybody.",
    "Remove the rule, or the branch that was meant to differ.",
  ),
  "shadowed-flag": information(
    "A later source defines the flag too, and has priority.",
    "One of the two, if that is not meant.",
  ),

  "portable-missing": portability(
    "An order comparison with an attribute that may be missing.",
    'Ask for the attribute first: `{"and": [{"!=": [{"var": "age"}, null]}, {"<": [{"var": "age"}, 18]}]}`.',
  ),
  "portable-text-order": portability(
    "An order comparison with a text: Java compares digits as numbers, and other texts never hold as in JavaScript.",
    "Numbers, such as seconds since 1970; `sem_ver` for versions.",
  ),
  "portable-cat": portability(
    "`cat` with a boolean, null or an attribute that may be one.",
    'Texts and numbers only; for booleans `{"if": [{"var": "beta"}, "beta-true", "beta-false"]}`.',
  ),
  "portable-default": portability(
    "`var` with a default: an attribute that is null gives null here, and the default elsewhere.",
    '`{"if": [{"!=": [{"var": "plan"}, null]}, {"var": "plan"}, "free"]}`.',
  ),
  "portable-truth": portability(
    "The truth of an attribute that may be an object differs between libraries.",
    'A comparison with a value: `{"==": [{"var": "beta"}, true]}`.',
  ),
  "portable-arithmetic": portability(
    "Arithmetic on an attribute that may be missing or no number is an error in Go, or another number.",
    "Ask for the attribute first, or compute the value in the application.",
  ),
  "portable-integer": portability(
    "A variant is an integer above 32 bits, which Java does not return.",
    "A string, an object with that member, or a number up to 2147483647.",
  ),
  "portable-yaml-boolean": portability(
    "A name or value such as `on` without quotes in YAML, which kubectl and Python take as a boolean.",
    'The word in quotes: `"on"`.',
  ),
  "portable-bucketing": portability(
    "`fractional` puts users into other buckets in providers of another version.",
    "One version everywhere: see [which versions agree](../guides/flags.md#fractional-which-versions-agree).",
  ),
  "portable-bucketing-text": portability(
    "`fractional` on text that is not ASCII is hashed differently by the JavaScript provider.",
    "An ASCII id as the first argument.",
  ),
  "portable-version": portability(
    "A version with a leading `v`, or without all three numbers, is refused by some providers.",
    "Three numbers without a prefix: `1.2.0`.",
  ),
} as const satisfies Readonly<Record<string, FindingKind>>;

export type FindingCode = keyof typeof findingTable;

/** @param code of the table, whose entries it has */
export function kindOfFinding(code: FindingCode): FindingKind {
  return findingTable[code];
}
