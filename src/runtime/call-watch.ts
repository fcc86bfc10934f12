import type { CallObserver } from "../core/calls.ts";
import { type CallMetricsOptions, createCallMetrics } from "../telemetry/call-metrics.ts";
import type { Registry } from "../telemetry/metrics/registry.ts";
import type { Tracing } from "./telemetry-exports.ts";

/** Makes what watches the calls of one listener. */
export type Watch = (options: CallMetricsOptions) => CallObserver;

/** Call metrics for all listeners, and traces where they are asked for. */
export function createWatch(registry: Registry, tracing?: Tracing): Watch {
  const callMetrics = createCallMetrics(registry);
  return (options) => {
    const { record, opened } = callMetrics(options);
    const trace = tracing?.calls(options.port, options.scheme);
    return { onCall: record, onOpen: opened, ...(trace && { trace }) };
  };
}
