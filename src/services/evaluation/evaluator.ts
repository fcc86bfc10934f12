import type { Outcome } from "../../evaluation/outcomes.ts";
import { type EvaluationContext, resolve } from "../../evaluation/resolve.ts";
import { InvalidSelectorError } from "../../store/selector.ts";
import type { Selector, SnapshotSource, View } from "../../store/view.ts";
import type { ContextAdditions, HeaderLookup } from "../context.ts";
import { invalidArgument } from "../errors.ts";
import { confine, selectorHeader, selectorOf } from "../selector-header.ts";
import type { Answer, ResolveMethod } from "./answer.ts";
import type { BulkMethod } from "./bulk.ts";

export interface EvaluatorOptions {
  readonly store: SnapshotSource;
  readonly additions: ContextAdditions;
  readonly record: (outcome: Outcome) => void;
}

/** From a decoded request to an answer: what both ways into the service share. */
export interface Evaluator {
  readonly record: (outcome: Outcome) => void;
  /**
   * @param context called only if targeting has to run
   * @throws RpcError when the selector is invalid
   */
  resolve(
    method: ResolveMethod,
    flagKey: string,
    context: () => EvaluationContext,
    header: HeaderLookup,
  ): Answer;
  /**
   * @param answer makes the answer of a ResolveAll from the view and the context that it is about
   * @throws RpcError when the selector is invalid
   */
  resolveAll<T>(
    method: BulkMethod,
    context: EvaluationContext,
    header: HeaderLookup,
    answer: (view: View, context: EvaluationContext) => T,
  ): T;
  /** @throws RpcError when the selector is invalid */
  view(header: HeaderLookup): View;
}

/** Makes what evaluates the flags of a store. */
export function createEvaluator({ store, additions, record }: EvaluatorOptions): Evaluator {
  const view = (header: HeaderLookup) => store.snapshot.view(selectorFrom(header));
  const complete = (
    { dialect }: ResolveMethod | BulkMethod,
    context: EvaluationContext,
    header: HeaderLookup,
  ): EvaluationContext => {
    additions.apply(context, dialect.headerContext ? header : undefined);
    return context;
  };
  return {
    record,
    view,
    resolve(method, flagKey, context, header) {
      const outcome = resolve(view(header), flagKey, () => complete(method, context(), header));
      const answer = method.answer(outcome);
      record(answer.counted);
      return answer;
    },
    resolveAll: (method, context, header, answer) =>
      answer(view(header), complete(method, context, header)),
  };
}

/** @throws RpcError when the selector is invalid, or selects what the client may not see */
export function selectorFrom(header: HeaderLookup): Selector {
  try {
    return confine(selectorOf(header(selectorHeader)), header);
  } catch (error) {
    throw error instanceof InvalidSelectorError ? invalidArgument(error.message) : error;
  }
}
