import type { Tracer } from "./tracer.ts";

/** Makes a span for each document that a source delivers; what is returned ends it. */
export function traceLoads(tracer: Tracer) {
  return (source: string) => {
    const span = tracer.enter(
      { name: "flagSync", scope: "jsonEvaluator", kind: "internal" },
      undefined,
    );
    return (problem: string | undefined): void => {
      if (problem !== undefined) {
        const exception = { "exception.type": "FlagDocumentError", "exception.message": problem };
        span.event("exception", exception);
      }
      span.end(
        { "feature_flag.source": source },
        problem === undefined ? undefined : "flagSync error",
      );
    };
  };
}
