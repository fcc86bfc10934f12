import type { CallObserver } from "../core/calls.ts";
import { type EvaluationTrace, traceEvaluations } from "../services/evaluation-trace.ts";
import type { LoadTrace } from "../sources/intake.ts";
import { traceCalls, traceLoads } from "../telemetry/tracing/instrumented-spans.ts";
import type { Tracer } from "../telemetry/tracing/tracer.ts";

/** What makes spans, one member for each kind of span. */
export interface Tracing {
  calls(
    port: "evaluation" | "sync" | "ofrep",
    scheme: "http" | "https",
  ): NonNullable<CallObserver["trace"]>;
  readonly evaluations: EvaluationTrace;
  readonly loads: LoadTrace;
}

/** Spans of calls, evaluations and flag documents. */
export function createTracing(tracer: Tracer): Tracing {
  return {
    calls: (port, scheme) => traceCalls(tracer, port, scheme),
    evaluations: traceEvaluations(tracer),
    loads: traceLoads(tracer),
  };
}
