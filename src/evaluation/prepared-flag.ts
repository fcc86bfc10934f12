import type { Json, JsonObject } from "../core/json.ts";
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
  /** The answer if no targeting runs (disabled, or no targeting), else undefined. */
  readonly fixed: Outcome | undefined;
  /**
   * Never throws: an evaluation that fails is an outcome.
   * @param steps what it may cost, see `evaluationLimits`
   */
  evaluate(context: EvaluationContext, steps?: number): Outcome;
  /**
   * The same flag, compiled once only, as a selector shows it: with the selector's reflection beneath the
   * flag's metadata in every answer.
   */
  reflecting(reflection: JsonObject): PreparedFlag;
}
