import type { Json, JsonObject } from "../core/json.ts";
import { shorten } from "../core/message-text.ts";
import type { FlagDefinition } from "../flags/model.ts";
import type { FractionalVersion } from "./operators/fractional/fractional.ts";
import { hidesReflection, type Outcome, type Outcomes, outcomesOf } from "./outcomes.ts";
import type { EvaluationContext, PreparedFlag } from "./resolve.ts";
import { BudgetError, evaluationLimits, grant } from "./rule/budget.ts";
import { type CompiledRule, compileRule } from "./rule/compile.ts";
import type { RuleObserver, Severity } from "./rule/expression.ts";
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
  /** Follows the targeting; for one flag. */
  readonly observer?: RuleObserver;
}

/** Compiles a flag's targeting and makes all its possible answers. Never throws. */
export function prepareFlag(definition: FlagDefinition, env: EvaluationEnvironment): PreparedFlag {
  const outcomes = outcomesOf(definition, {});
  const { targeting } = definition;
  if (definition.state === "DISABLED") return new FixedFlag(definition, outcomes.disabled);
  if (!isRule(targeting)) return new FixedFlag(definition, outcomes.fixed);
  return new TargetedFlag(
    definition,
    compileTargeting(definition.key, targeting, env),
    outcomes,
    env,
  );
}

/** Absent, null and `{}`: there is no targeting. */
function isRule(targeting: Json | undefined): targeting is Json {
  if (targeting === undefined || targeting === null) return false;
  return typeof targeting !== "object" || Array.isArray(targeting) || hasMembers(targeting);
}

function hasMembers(value: object): boolean {
  return Object.keys(value).length > 0;
}

/** A rule that is too deep or too large fails when it is evaluated, like every bad rule. */
function compileTargeting(key: string, rule: Json, env: EvaluationEnvironment): CompiledRule {
  try {
    return compileRule(rule, {
      flagKey: key,
      fractional: env.fractional,
      report: (severity, message) => env.report(severity, key, message),
      observer: env.observer,
    });
  } catch (error) {
    env.report("warn", key, `the targeting rule cannot be used: ${error}`);
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
    const outcomes = outcomesOf(this.definition, reflection);
    const disabled = this.fixed.reason === "DISABLED";
    return new FixedFlag(this.definition, disabled ? outcomes.disabled : outcomes.fixed);
  }
}

class TargetedFlag implements PreparedFlag {
  readonly key: string;
  readonly fixed = undefined;
  readonly #rule: CompiledRule;
  readonly #outcomes: Outcomes;
  readonly #env: EvaluationEnvironment;

  constructor(
    readonly definition: FlagDefinition,
    rule: CompiledRule,
    outcomes: Outcomes,
    env: EvaluationEnvironment,
  ) {
    this.key = definition.key;
    this.#rule = rule;
    this.#outcomes = outcomes;
    this.#env = env;
  }

  evaluate(context: EvaluationContext, steps: number = evaluationLimits.steps): Outcome {
    grant(steps);
    try {
      if (this.#rule.observesFlagd)
        context.$flagd = {
          flagKey: this.key,
          timestamp: Math.floor(this.#env.now() / 1000),
        };
      return this.#select(this.#rule.run(context));
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      return this.#unparsable(cause, error instanceof BudgetError ? "warn" : "debug");
    }
  }

  reflecting(reflection: JsonObject): PreparedFlag {
    if (hidesReflection(this.definition, reflection)) return this;
    const outcomes = outcomesOf(this.definition, reflection);
    return new TargetedFlag(this.definition, this.#rule, outcomes, this.#env);
  }

  #select(result: unknown): Outcome {
    if (result === null || result === undefined) return this.#outcomes.unselected;
    if (hasNonFinite(result)) return this.#unparsable("the result is not a finite number");
    return this.#outcomes.targeted(result) ?? this.#unknown(result);
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
