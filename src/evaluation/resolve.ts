import type { JsonObject } from "../core/json.ts";
import type { Steps } from "../core/steps.ts";
import type { Outcome } from "./outcome.ts";
import { notFound } from "./outcomes.ts";
import type { EvaluationContext, PreparedFlag } from "./prepared-flag.ts";
import { evaluationLimits, spent } from "./rule/budget.ts";

/** The flags that a request sees. */
export interface FlagTable {
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
  for (const flag of yield* view.ordered()) {
    let outcome = flag.fixed;
    if (outcome === undefined) {
      outcome = flag.evaluate(context, Math.min(left, evaluationLimits.steps));
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
