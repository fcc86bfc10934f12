import type { FlagDefinition, Json } from "../flags/model.ts";
import type { Outcome } from "./outcome.ts";

/**
 * What a request says about its user. Evaluation owns the object that it is given and may write
 * `$flagd` into it.
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
