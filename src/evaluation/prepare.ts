import type { Json, JsonObject } from "../core/json.ts";
import { shorten } from "../core/shorten.ts";
import type { FlagDefinition } from "../flags/model.ts";
import type { EvaluationContext, PreparedFlag } from "./flag.ts";
import { type CompiledRule, compileRule } from "./jsonlogic/compile.ts";
import type { Severity } from "./jsonlogic/expression.ts";
import { jsonLogicOperators } from "./jsonlogic/operators/index.ts";
import { customOperations } from "./operations/index.ts";
import type { Outcome } from "./outcome.ts";
import { hidesReflection, type Outcomes, outcomesOf } from "./outcomes.ts";
import { hasNonFinite, variantName } from "./variant-name.ts";

/** What evaluation needs from outside. */
export interface EvaluationEnvironment {
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /**
   * Told why targeting gave no answer (`debug`) or what an operation could not use. Called at
   * every such evaluation, with messages of bounded length. Must not throw.
   */
  readonly report: (level: Severity, flagKey: string, message: string) => void;
}

const operators = new Map([...jsonLogicOperators, ...customOperations]);

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

/**
 * The same flag, compiled once only, as a selector shows it: with the selector's reflection
 * beneath the flag's metadata in every answer.
 * @throws TypeError for a flag that {@link prepareFlag} did not make.
 */
export function reflecting(flag: PreparedFlag, reflection: JsonObject): PreparedFlag {
  if (hidesReflection(flag.definition, reflection)) return flag;
  if (flag instanceof FixedFlag || flag instanceof TargetedFlag) return flag.reflecting(reflection);
  throw new TypeError(`flag ${flag.key} was not made by prepareFlag`);
}

/** Absent, null and `{}`: there is no targeting. */
function isRule(targeting: Json | undefined): targeting is Json {
  if (targeting === undefined || targeting === null) return false;
  return typeof targeting !== "object" || Array.isArray(targeting) || hasMembers(targeting);
}

function hasMembers(value: object): boolean {
  return Object.keys(value).length > 0;
}

/** A rule nested too deeply for the stack fails when it is evaluated, like every bad rule. */
function compileTargeting(key: string, rule: Json, env: EvaluationEnvironment): CompiledRule {
  try {
    return compileRule(rule, {
      flagKey: key,
      operators,
      report: (severity, message) => env.report(severity, key, message),
    });
  } catch (error) {
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

  evaluate(context: EvaluationContext): Outcome {
    try {
      if (this.#rule.observesFlagd)
        context.$flagd = {
          flagKey: this.key,
          timestamp: Math.floor(this.#env.now() / 1000),
        };
      return this.#select(this.#rule.run(context));
    } catch (error) {
      return this.#unparsable(error instanceof Error ? error.message : String(error));
    }
  }

  reflecting(reflection: JsonObject): PreparedFlag {
    const outcomes = outcomesOf(this.definition, reflection);
    return new TargetedFlag(this.definition, this.#rule, outcomes, this.#env);
  }

  #select(result: unknown): Outcome {
    if (result === null || result === undefined) return this.#outcomes.unselected;
    if (hasNonFinite(result)) return this.#unparsable("the result is not a finite number");
    return this.#outcomes.targeted(result) ?? this.#unknown(result);
  }

  #unparsable(cause: string): Outcome {
    this.#env.report("debug", this.key, `error applying targeting rules: ${shorten(cause)}`);
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
