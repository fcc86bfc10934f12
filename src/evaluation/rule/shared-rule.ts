import type { Json } from "../../core/json.ts";
import type { EvaluationContext } from "../resolve.ts";
import type { CompiledRule } from "./compile.ts";
import type { Severity } from "./expression.ts";

/** One evaluation of many flags with one context. */
export type BulkEvaluation = object;

/**
 * A compiled rule, which all flags with that targeting share: what thousands of flags run stays in the
 * processor's cache, and their rule is kept once. Rules run one after the other and never wait, so that
 * the flag which one runs for can be noted here.
 */
export class SharedRule {
  readonly #rule: CompiledRule;
  readonly #now: () => number;
  #flagKey = "";
  /** The last run asked for its flag, or told something of it: for another one it has to run again. */
  #personal = false;
  #bulk: BulkEvaluation | undefined;
  #result: unknown;

  constructor(
    readonly source: Json,
    options: {
      readonly now: () => number;
      readonly report: (severity: Severity, flagKey: string, message: string) => void;
      readonly compile: (user: RuleScope) => CompiledRule;
    },
  ) {
    this.#now = options.now;
    const rule = this;
    this.#rule = options.compile({
      get flagKey() {
        rule.#personal = true;
        return rule.#flagKey;
      },
      report(severity, message) {
        rule.#personal = true;
        options.report(severity, rule.#flagKey, message);
      },
    });
  }

  /**
   * @param bulk the evaluation that this is part of: what does not depend on the flag is computed once
   * @throws what the rule throws
   */
  run(flagKey: string, context: EvaluationContext, bulk: BulkEvaluation | undefined): unknown {
    if (bulk !== undefined && bulk === this.#bulk) return this.#result;
    const { run, observesFlagd } = this.#rule;
    this.#flagKey = flagKey;
    this.#personal = observesFlagd;
    if (observesFlagd) context.$flagd = { flagKey, timestamp: Math.floor(this.#now() / 1000) };
    const result = run(context);
    // What is no object holds nothing of the context after the evaluation.
    if (bulk !== undefined && !this.#personal && typeof result !== "object") {
      this.#bulk = bulk;
      this.#result = result;
    }
    return result;
  }
}

/** What a rule sees of the flag that it runs for. */
export interface RuleScope {
  readonly flagKey: string;
  report(severity: Severity, message: string): void;
}

/** The rules in use, each kept as long as a flag has it. */
export class SharedRules {
  readonly #rules = new Map<number | bigint, WeakRef<SharedRule>>();
  readonly #unused = new FinalizationRegistry<number | bigint>((hash) => {
    if (this.#rules.get(hash)?.deref() === undefined) this.#rules.delete(hash);
  });

  /** The rule of that text, which is made if no flag has it yet. */
  get(source: Json, make: () => SharedRule): SharedRule {
    const hash = Bun.hash(JSON.stringify(source));
    const known = this.#rules.get(hash)?.deref();
    if (known !== undefined && Bun.deepEquals(known.source, source)) return known;
    const rule = make();
    this.#rules.set(hash, new WeakRef(rule));
    this.#unused.register(rule, hash);
    return rule;
  }
}
