import { atOnce } from "../../core/steps.ts";
import type { EvaluationContext } from "../../evaluation/resolve.ts";
import type { View } from "../../store/view.ts";
import type { HeaderLookup } from "../context.ts";
import type { EvaluationSpan, EvaluationTrace } from "../evaluation-tracing.ts";
import type { ResolveMethod } from "./answer.ts";
import type { BulkMethod } from "./bulk.ts";
import type { Evaluator } from "./evaluator.ts";

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
