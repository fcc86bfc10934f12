import type { Outcome } from "../../evaluation/outcome.ts";
import type { EvaluationContext } from "../../evaluation/prepared-flag.ts";
import { resolve } from "../../evaluation/resolve.ts";
import { InvalidSelectorError } from "../../store/selector.ts";
import type { Selector, SnapshotSource, View } from "../../store/view.ts";
import type { ContextAdditions, HeaderLookup } from "../context.ts";
import { invalidArgument } from "../errors.ts";
import { selectorHeader, selectorOf } from "../selector-header.ts";
import type { Answer, ResolveMethod } from "./answer.ts";
import type { BulkMethod } from "./bulk.ts";

export interface EvaluatorOptions {
  readonly store: SnapshotSource;
  readonly additions: ContextAdditions;
  readonly record: (outcome: Outcome) => void;
}

/** From a decoded request to an answer: what both ways into the service share. */
export class Evaluator {
  readonly #store: SnapshotSource;
  readonly #additions: ContextAdditions;
  readonly record: (outcome: Outcome) => void;

  constructor({ store, additions, record }: EvaluatorOptions) {
    this.#store = store;
    this.#additions = additions;
    this.record = record;
  }

  /**
   * @param context called only if targeting has to run
   * @throws RpcError when the selector is invalid
   */
  resolve(
    method: ResolveMethod,
    flagKey: string,
    context: () => EvaluationContext,
    header: HeaderLookup,
  ): Answer {
    const outcome = resolve(this.view(header), flagKey, () =>
      this.#complete(method, context(), header),
    );
    const answer = method.answer(outcome);
    this.record(answer.counted);
    return answer;
  }

  /**
   * @param answer makes the answer of a ResolveAll from the view and the context that it is about
   * @throws RpcError when the selector is invalid
   */
  resolveAll<T>(
    method: BulkMethod,
    context: EvaluationContext,
    header: HeaderLookup,
    answer: (view: View, context: EvaluationContext) => T,
  ): T {
    return answer(this.view(header), this.#complete(method, context, header));
  }

  /** @throws RpcError when the selector is invalid */
  view(header: HeaderLookup): View {
    return this.#store.snapshot.view(selectorFrom(header));
  }

  #complete(
    { dialect }: ResolveMethod | BulkMethod,
    context: EvaluationContext,
    header: HeaderLookup,
  ): EvaluationContext {
    this.#additions.apply(context, dialect.headerContext ? header : undefined);
    return context;
  }
}

/** @throws RpcError when the selector is invalid */
export function selectorFrom(header: HeaderLookup): Selector {
  try {
    return selectorOf(header(selectorHeader));
  } catch (error) {
    throw error instanceof InvalidSelectorError ? invalidArgument(error.message) : error;
  }
}
