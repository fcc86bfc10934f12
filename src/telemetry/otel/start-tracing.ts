import { type SamplerConfig, Tracer } from "../tracing/tracer.ts";
import { SpanQueue, type SpanQueueOptions } from "./span-queue.ts";

export interface TracingOptions extends SpanQueueOptions {
  readonly sampler: SamplerConfig;
}

/**
 * A tracer whose spans are sent to a collector.
 * @throws Error naming a TLS file that cannot be used
 */
export function startTracing({ sampler, ...options }: TracingOptions) {
  const queue = new SpanQueue(options);
  const tracer = new Tracer(sampler, (span) => queue.add(span));
  return { tracer, stop: () => queue.stop() };
}
