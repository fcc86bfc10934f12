import { type Kind, kindOf } from "./kind.ts";
import { once } from "./memo.ts";
import type { Outcome } from "./outcome.ts";
import { failed } from "./outcomes.ts";
import type { PreparedFlag } from "./prepared-flag.ts";

/** The kind of a flag's default variant; undefined if it has none. */
export function defaultKind({ definition }: PreparedFlag): Kind | undefined {
  const { defaultVariant, variants } = definition;
  const value = defaultVariant === undefined ? undefined : variants?.get(defaultVariant);
  return value === undefined ? undefined : kindOf(value);
}

/**
 * The outcome to report for `flag` in an answer about all flags. There the default variant decides
 * the flag's type: a value of another kind is the error GENERAL, and so is null. Without a default
 * variant, or if it is an array or null, every kind is right.
 */
export const bulkOutcome = once((outcome: Outcome, flag: PreparedFlag) =>
  fits(flag, outcome) ? outcome : failed(outcome, "GENERAL"),
);

function fits(flag: PreparedFlag, { value }: Outcome): boolean {
  if (value === undefined) return true;
  const kind = kindOf(value);
  if (kind === "null") return false;
  const expected = defaultKind(flag);
  return expected === undefined || expected === "array" || expected === "null" || expected === kind;
}
