import type { Json } from "../core/json.ts";
import type { FlagDefinition } from "../flags/model.ts";
import type { Outcome } from "./outcome.ts";

/**
 * What a request says about its user. Evaluation may write `$flagd` into the object that it is given, so
 * requests must not share one.
 */
export type EvaluationContext = Record<string, Json>;

/** A flag ready to be evaluated. */
export interface PreparedFlag {
  readonly key: string;
  readonly definition: FlagDefinition;
  /** The answer where no targeting runs (disabled, or no targeting), else undefined. */
  readonly fixed: Outcome | undefined;
  /** Never throws. */
  evaluate(context: EvaluationContext): Outcome;
}
