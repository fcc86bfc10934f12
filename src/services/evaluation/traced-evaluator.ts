import type { EvaluationContext } from "../../evaluation/prepared-flag.ts";
import type { View } from "../../store/view.ts";
import type { HeaderLookup } from "../context.ts";
import type { EvaluationSpan, EvaluationTrace } from "../evaluation-tracing.ts";
import type { Answer, ResolveMethod } from "./answer.ts";
import type { BulkMethod } from "./bulk.ts";
import { Evaluator, type EvaluatorOptions } from "./evaluator.ts";

/** An evaluator that reports each evaluation: as a span in its caller's trace, or to the debug log. */
export class TracedEvaluator extends Evaluator {
  readonly #trace: EvaluationTrace;

  constructor(options: EvaluatorOptions, trace: EvaluationTrace) {
    super(options);
    this.#trace = trace;
  }

  override resolve(
    method: ResolveMethod,
    flagKey: string,
    context: () => EvaluationContext,
    header: HeaderLookup,
  ): Answer {
    const span = this.#span(method, header);
    let read: EvaluationContext | undefined;
    const reading = () => {
      read = context();
      return read;
    };
    const answer = failing(span, () => super.resolve(method, flagKey, reading, header));
    const { counted: outcome, error } = answer;
    span?.flag({ key: flagKey, outcome, error, context: read });
    return answer;
  }

  override resolveAll<T>(
    method: BulkMethod,
    context: EvaluationContext,
    header: HeaderLookup,
    answer: (view: View, context: EvaluationContext) => T,
  ): T {
    const span = this.#span(method, header);
    let count = 0;
    const result = failing(span, () =>
      super.resolveAll(method, context, header, (view, complete) => {
        count = view.ordered.length;
        return answer(view, complete);
      }),
    );
    // Of a large answer it is a promise.
    if (result instanceof Promise) {
      result.then(
        () => span?.flags(count),
        (error) => span?.failed(error),
      );
    } else {
      span?.flags(count);
    }
    return result;
  }

  #span({ dialect, name }: ResolveMethod | BulkMethod, header: HeaderLookup) {
    const traceparent = header("traceparent");
    return this.#trace({
      name,
      scope: dialect.traceScope,
      kind: "server",
      traceparent: typeof traceparent === "string" ? traceparent : undefined,
    });
  }
}

function failing<T>(span: EvaluationSpan | undefined, action: () => T): T {
  try {
    return action();
  } catch (error) {
    span?.failed(error);
    throw error;
  }
}
