import type { Json, JsonObject } from "../core/json.ts";
import type { Steps } from "../core/turns.ts";
import type { FlagDefinition } from "../flags/model.ts";
import { once } from "./memo.ts";
import { failed, type Kind, kindOf, notFound, type Outcome } from "./outcomes.ts";
import { evaluationLimits, spent } from "./rule/budget.ts";
import type { BulkEvaluation } from "./rule/shared-rule.ts";

/**
 * What a request says about its user. Evaluation may write `$flagd` into the object that it is given, so
 * requests must not share one.
 */
export type EvaluationContext = Record<string, Json>;

/** A flag ready to be evaluated. */
export interface PreparedFlag {
  readonly key: string;
  readonly definition: FlagDefinition;
  /** The answer if no targeting runs (disabled, or no targeting), else undefined. */
  readonly fixed: Outcome | undefined;
  /**
   * Never throws: an evaluation that fails is an outcome.
   * @param steps what it may cost, see `evaluationLimits`
   * @param bulk the evaluation of many flags that this is part of
   */
  evaluate(context: EvaluationContext, steps?: number, bulk?: BulkEvaluation): Outcome;
  /**
   * The same flag, compiled once only, as a selector shows it: with the selector's reflection beneath the
   * flag's metadata in every answer.
   */
  reflecting(reflection: JsonObject): PreparedFlag;
}

/** The flags that a request sees. */
interface FlagTable {
  /** One flag a key. */
  readonly flags: Pick<ReadonlyMap<string, PreparedFlag>, "get">;
  /** There are no more; what several sources define counts as several. */
  readonly maxFlags: number;
  /** The same flags in byte order of their keys, made at the first use. */
  ordered(): Steps<readonly PreparedFlag[]>;
  /** What answers carry in addition to a flag's metadata. */
  readonly reflection: JsonObject;
}

/**
 * Evaluates one flag. Never throws for what the flag or the context is like.
 * @param context called only if targeting has to run, which for most flags it has not
 */
export function resolve(view: FlagTable, key: string, context: () => EvaluationContext): Outcome {
  const flag = view.flags.get(key);
  if (flag === undefined) return notFound(key, view.reflection);
  return flag.fixed ?? flag.evaluate(context());
}

/** Flags evaluated without interruption. */
const flagsAtOnce = 20;

/** An answer about fewer flags takes less than a turn of the event loop. */
const minFlagsInTurns = 200;

/** Is an answer about all flags of a view to be made in turns? */
export function takesTurns({ maxFlags }: Pick<FlagTable, "maxFlags">): boolean {
  return maxFlags >= minFlagsInTurns;
}

/** Evaluates every flag of a view, in order of key, within one budget. */
export function* resolveAll(
  view: FlagTable,
  context: EvaluationContext,
  each: (flag: PreparedFlag, outcome: Outcome) => void,
): Steps<void> {
  let left: number = evaluationLimits.bulkSteps;
  let count = 0;
  const bulk: BulkEvaluation = {};
  for (const flag of yield* view.ordered()) {
    let outcome = flag.fixed;
    if (outcome === undefined) {
      outcome = flag.evaluate(context, Math.min(left, evaluationLimits.steps), bulk);
      left = Math.max(0, left - spent());
    }
    each(flag, outcome);
    if (++count % flagsAtOnce === 0) yield;
  }
}

/** Whether every context gets the same answers, so that they can be made beforehand. */
export function* isFixed(view: FlagTable): Steps<boolean> {
  let count = 0;
  for (const { fixed } of yield* view.ordered()) {
    if (fixed === undefined) return false;
    // A flag may be prepared only now.
    if (++count % flagsAtOnce === 0) yield;
  }
  return true;
}

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
