import type { Tracer } from "./tracer.ts";

/**
 * A span for each document that a source delivers. What is returned ends it.
 * @param source its name
 */
export type LoadTrace = (source: string) => LoadEnd;

/** To be called once. @param problem why the document was rejected; undefined: it was accepted */
export type LoadEnd = (problem: string | undefined) => void;

export function traceLoads(tracer: Tracer): LoadTrace {
  return (source) => {
    const span = tracer.enter(
      { name: "flagSync", scope: "jsonEvaluator", kind: "internal" },
      undefined,
    );
    return (problem) => {
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
