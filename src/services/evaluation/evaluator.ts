import { atOnce } from "../../core/turns.ts";
import type { Outcome } from "../../evaluation/outcomes.ts";
import { type EvaluationContext, resolve } from "../../evaluation/resolve.ts";
import { InvalidSelectorError } from "../../store/selector.ts";
import type { Selector, SnapshotSource, View } from "../../store/view.ts";
import { type OutcomeGroup, oneByOne } from "../answer-blocks.ts";
import type { ContextAdditions, HeaderLookup } from "../context-additions.ts";
import type { EvaluationSpan, EvaluationTrace } from "../evaluation-trace.ts";
import { invalidArgument } from "../rpc-service.ts";
import { confine, selectorHeader, selectorOf } from "../selector-header.ts";
import type { Answer, ResolveMethod } from "./answer.ts";
import type { BulkMethod } from "./resolve-all.ts";

export interface EvaluatorOptions {
  readonly store: SnapshotSource;
  readonly additions: ContextAdditions;
  readonly record: (outcome: Outcome) => void;
  /** The same for those of an answer about all flags; default: one by one. */
  readonly recordAll?: ((group: OutcomeGroup) => void) | undefined;
}

/** From a decoded request to an answer: what both ways into the service share. */
export interface Evaluator {
  /** Counts the outcomes of an answer about all flags. */
  readonly recordAll: (group: OutcomeGroup) => void;
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
export function createEvaluator(options: EvaluatorOptions): Evaluator {
  const { store, additions, record, recordAll = oneByOne(record) } = options;
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
    recordAll,
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

/** Reports each evaluation of `evaluator`: as a span in its caller's trace, or to the debug log. */
export function traced(evaluator: Evaluator, trace: EvaluationTrace): Evaluator {
  const start = ({ dialect, name }: ResolveMethod | BulkMethod, header: HeaderLookup) => {
    const traceparent = header("traceparent");
    return trace({
      name,
      scope: dialect.traceScope,
      kind: "server",
      traceparent: typeof traceparent === "string" ? traceparent : undefined,
    });
  };

  return {
    ...evaluator,
    resolve(method, flagKey, context, header) {
      const span = start(method, header);
      let read: EvaluationContext | undefined;
      const reading = () => {
        read = context();
        return read;
      };
      const answer = failing(span, () => evaluator.resolve(method, flagKey, reading, header));
      const { counted: outcome, error } = answer;
      span?.flag({ key: flagKey, outcome, error, context: read });
      return answer;
    },
    resolveAll(method, context, header, answer) {
      const span = start(method, header);
      let seen: View | undefined;
      // What was put in order for the answer is in order.
      const done = () => span?.flags(seen ? atOnce(seen.ordered()).length : 0);
      const result = failing(span, () =>
        evaluator.resolveAll(method, context, header, (view, complete) => {
          seen = view;
          return answer(view, complete);
        }),
      );
      // Of a large answer it is a promise.
      if (result instanceof Promise) result.then(done, (error) => span?.failed(error));
      else done();
      return result;
    },
  };
}

function failing<T>(span: EvaluationSpan | undefined, action: () => T): T {
  try {
    return action();
  } catch (error) {
    span?.failed(error);
    throw error;
  }
}
