import type { CallObserver } from "../core/calls.ts";
import { type CallMetricsOptions, createCallMetrics } from "../telemetry/call-metrics.ts";
import type { Registry } from "../telemetry/metrics/registry.ts";
import type { Tracing } from "./tracing.ts";

/** Makes the observer of the calls of one listener. */
export type ObserveCalls = (options: CallMetricsOptions) => CallObserver;

/** Call metrics for all listeners, and traces if they are asked for. */
export function createObserveCalls(registry: Registry, tracing?: Tracing): ObserveCalls {
  const callMetrics = createCallMetrics(registry);
  return (options) => {
    const { record, opened } = callMetrics(options);
    const trace = tracing?.calls(options.port, options.scheme);
    return { onCall: record, onOpen: opened, ...(trace && { trace }) };
  };
}
