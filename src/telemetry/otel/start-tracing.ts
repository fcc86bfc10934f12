import { traceCalls } from "../tracing/call-tracing.ts";
import { traceEvaluations } from "../tracing/evaluation-tracing.ts";
import { traceLoads } from "../tracing/load-tracing.ts";
import { type SamplerConfig, Tracer } from "../tracing/tracer.ts";
import { SpanQueue, type SpanQueueOptions } from "./span-queue.ts";

export interface TracingOptions extends SpanQueueOptions {
  readonly sampler: SamplerConfig;
}

/**
 * Spans of calls, evaluations and flag documents, on their way to a collector.
 * @throws Error naming a TLS file that cannot be used
 */
export function startTracing({ sampler, ...options }: TracingOptions) {
  const queue = new SpanQueue(options);
  const tracer = new Tracer(sampler, (span) => queue.add(span));
  return {
    calls: (port: "evaluation" | "sync" | "ofrep", scheme: "http" | "https") =>
      traceCalls(tracer, port, scheme),
    evaluations: traceEvaluations(tracer),
    loads: traceLoads(tracer),
    stop: () => queue.stop(),
  };
}
