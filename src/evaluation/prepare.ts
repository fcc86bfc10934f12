import { messageOf } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";
import { shorten } from "../core/message-text.ts";
import type { FlagDefinition } from "../flags/model.ts";
import type { FractionalVersion } from "./operators/fractional/fractional.ts";
import { hidesReflection, type Outcome, Outcomes } from "./outcomes.ts";
import type { EvaluationContext, PreparedFlag } from "./resolve.ts";
import { BudgetError, evaluationLimits, grant } from "./rule/budget.ts";
import { type CompiledRule, compileRule } from "./rule/compile.ts";
import type { RuleObserver, Severity } from "./rule/expression.ts";
import {
  type BulkEvaluation,
  type RuleScope,
  SharedRule,
  type SharedRules,
} from "./rule/shared-rule.ts";
import { hasNonFinite, variantName } from "./variant-name.ts";

/** What evaluation needs from outside. */
export interface EvaluationEnvironment {
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** How `fractional` computes its buckets. */
  readonly fractional: FractionalVersion;
  /**
   * Told why targeting gave no answer (`debug`), what an operation could not use, or what a client left
   * out (`info`). Called at every such evaluation, with messages of bounded length. Must not throw.
   */
  readonly report: (level: Severity, flagKey: string, message: string) => void;
  /** Flags with equal targeting share what is compiled of it. Undefined: they do not. */
  readonly rules?: SharedRules;
  /** Follows the targeting; for one flag. */
  readonly observer?: RuleObserver;
}

/** Compiles a flag's targeting and makes all its possible answers. Never throws. */
export function prepareFlag(definition: FlagDefinition, env: EvaluationEnvironment): PreparedFlag {
  const outcomes = new Outcomes(definition, {});
  const { targeting } = definition;
  if (definition.state === "DISABLED") return new FixedFlag(definition, outcomes.disabled);
  if (!isRule(targeting)) return new FixedFlag(definition, outcomes.fixed);
  return new TargetedFlag(definition, ruleOf(definition.key, targeting, env), outcomes, env);
}

/** Absent, null and `{}`: there is no targeting. */
function isRule(targeting: Json | undefined): targeting is Json {
  if (targeting === undefined || targeting === null) return false;
  return typeof targeting !== "object" || Array.isArray(targeting) || hasMembers(targeting);
}

function hasMembers(value: object): boolean {
  return Object.keys(value).length > 0;
}

function ruleOf(key: string, targeting: Json, env: EvaluationEnvironment): SharedRule {
  const make = () =>
    new SharedRule(targeting, {
      ...env,
      compile: (scope) => compileTargeting(targeting, key, scope, env),
    });
  return env.rules ? env.rules.get(targeting, make) : make();
}

/** A rule that is too deep or too large fails when it is evaluated, like every bad rule. */
function compileTargeting(
  rule: Json,
  key: string,
  scope: RuleScope,
  { fractional, observer, report }: EvaluationEnvironment,
): CompiledRule {
  try {
    return compileRule(rule, {
      fractional,
      observer,
      get flagKey() {
        return scope.flagKey;
      },
      report: scope.report,
    });
  } catch (error) {
    report("warn", key, `the targeting rule cannot be used: ${error}`);
    const run = () => {
      throw error;
    };
    return { run, observesFlagd: false };
  }
}

/** A flag with one answer. */
class FixedFlag implements PreparedFlag {
  readonly key: string;
  constructor(
    readonly definition: FlagDefinition,
    readonly fixed: Outcome,
  ) {
    this.key = definition.key;
  }

  evaluate(): Outcome {
    return this.fixed;
  }

  reflecting(reflection: JsonObject): PreparedFlag {
    if (hidesReflection(this.definition, reflection)) return this;
    const outcomes = new Outcomes(this.definition, reflection);
    const disabled = this.fixed.reason === "DISABLED";
    return new FixedFlag(this.definition, disabled ? outcomes.disabled : outcomes.fixed);
  }
}

class TargetedFlag implements PreparedFlag {
  readonly key: string;
  readonly fixed = undefined;
  readonly #rule: SharedRule;
  readonly #outcomes: Outcomes;
  readonly #env: EvaluationEnvironment;
  /** Most users get what the one before them got. */
  #lastResult: string | boolean | undefined;
  #lastOutcome: Outcome | undefined;

  constructor(
    readonly definition: FlagDefinition,
    rule: SharedRule,
    outcomes: Outcomes,
    env: EvaluationEnvironment,
  ) {
    this.key = definition.key;
    this.#rule = rule;
    this.#outcomes = outcomes;
    this.#env = env;
  }

  evaluate(
    context: EvaluationContext,
    steps: number = evaluationLimits.steps,
    bulk?: BulkEvaluation,
  ): Outcome {
    grant(steps);
    try {
      return this.#select(this.#rule.run(this.key, context, bulk));
    } catch (error) {
      const cause = messageOf(error);
      return this.#unparsable(cause, error instanceof BudgetError ? "warn" : "debug");
    }
  }

  reflecting(reflection: JsonObject): PreparedFlag {
    if (hidesReflection(this.definition, reflection)) return this;
    const outcomes = new Outcomes(this.definition, reflection);
    return new TargetedFlag(this.definition, this.#rule, outcomes, this.#env);
  }

  #select(result: unknown): Outcome {
    if (result === null || result === undefined) return this.#outcomes.unselected;
    if (result === this.#lastResult && this.#lastOutcome) return this.#lastOutcome;
    if (hasNonFinite(result)) return this.#unparsable("the result is not a finite number");
    const outcome = this.#outcomes.targeted(result);
    if (outcome === undefined) return this.#unknown(result);
    if (typeof result === "string" || typeof result === "boolean") {
      this.#lastResult = result;
      this.#lastOutcome = outcome;
    }
    return outcome;
  }

  #unparsable(cause: string, level: Severity = "debug"): Outcome {
    this.#env.report(level, this.key, `error applying targeting rules: ${shorten(cause)}`);
    return this.#outcomes.parseError;
  }

  #unknown(result: unknown): Outcome {
    const name = shorten(variantName(result));
    this.#env.report(
      "debug",
      this.key,
      `invalid or missing variant: ${name} for flagKey: ${this.key}, variant is not valid`,
    );
    return this.#outcomes.unknownVariant;
  }
}
