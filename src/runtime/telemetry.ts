import type { OtelConfig } from "../config/otel/otel-config.ts";
import type { CallObserver } from "../core/calls.ts";
import { ConfigError, messageOf } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { buildInfo } from "../core/process-info.ts";
import type { EvaluationTrace } from "../services/evaluation-trace.ts";
import { type CallMetricsOptions, createCallMetrics } from "../telemetry/call-metrics.ts";
import type { Attributes } from "../telemetry/metrics/instrument.ts";
import { exposition } from "../telemetry/metrics/prometheus.ts";
import { type Collection, merge, processOnly, Registry } from "../telemetry/metrics/registry.ts";
import { observeProcess } from "../telemetry/process-metrics.ts";
import { describeResource } from "../telemetry/resource.ts";
import type { Tracing } from "./tracing.ts";

/** What a daemon measures of itself, and where that goes. */
export interface Telemetry {
  readonly registry: Registry;
  /** Undefined: nothing is traced. */
  readonly tracing: Tracing | undefined;
  /** Undefined: evaluations are not sent as events. */
  readonly evaluationEvents: EvaluationTrace | undefined;
  /** What all threads have measured. */
  collect(): Promise<Collection>;
  /** What `/metrics` answers. */
  expose(): Promise<string>;
  /** Sends what is left, for up to `graceMs` and not for long. Never rejects. */
  stop(graceMs: number): Promise<void>;
}

/**
 * @param others what other threads have measured
 * @throws ConfigError for TLS files that cannot be used
 */
export async function startTelemetry(
  config: OtelConfig,
  log: Log,
  others: () => Promise<readonly Collection[]> = async () => [],
): Promise<Telemetry> {
  const resource = describeResource(buildInfo.version, process.env, (message) =>
    log.warn(message, { component: "otel" }),
  );
  const registry = new Registry({ resource });
  observeProcess(registry);
  const collect = async () => merge(registry.collect(), await others());
  const exports = await startExports({ config, registry: { collect }, resource, log });
  return {
    registry,
    tracing: exports.tracing,
    evaluationEvents: exports.evaluationEvents,
    collect,
    async expose() {
      const collection = await collect();
      return exposition(exports.metricsPushed ? processOnly(collection) : collection);
    },
    stop: (graceMs) => exports.stop(Math.min(graceMs, exportGraceMs)),
  };
}

/** The longest that a daemon which ends waits for the last telemetry to be sent. */
export const exportGraceMs = 3_000;

/** What is sent to OpenTelemetry collectors. */
export interface TelemetryExports {
  /** Metrics are sent instead of being served at /metrics. */
  readonly metricsPushed: boolean;
  /** Undefined: nothing is traced. */
  readonly tracing: Tracing | undefined;
  /** Undefined: evaluations are not sent as events. */
  readonly evaluationEvents: EvaluationTrace | undefined;
  /** Sends what is left, for up to `graceMs`. Never rejects. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Starts the exports that are configured, and loads their code only then.
 * @throws ConfigError for TLS files that cannot be used
 */
export async function startExports(parts: {
  readonly config: OtelConfig;
  /** Undefined: metrics are not pushed from here. */
  readonly registry: { collect(): Collection | Promise<Collection> } | undefined;
  readonly resource: Attributes;
  readonly log: Log;
}): Promise<TelemetryExports> {
  const { registry, resource } = parts;
  const { metrics, traces, events } = parts.config;
  const log = parts.log.with({ component: "otel" });
  const stops: ((graceMs: number) => Promise<void>)[] = [];
  if (metrics && registry) {
    const { startMetricExport } = await import("../telemetry/otel/export-metrics.ts");
    stops.push(configured(() => startMetricExport({ ...metrics, metrics: registry, log })).stop);
  }
  let tracing: Tracing | undefined;
  if (traces) {
    const { startSpanExport } = await import("../telemetry/otel/export-spans.ts");
    const { createTracing } = await import("./tracing.ts");
    const started = configured(() => startSpanExport({ ...traces, resource, log }));
    tracing = createTracing(started.tracer);
    stops.push(started.stop);
  }
  let evaluationEvents: EvaluationTrace | undefined;
  if (events) {
    const { startEventExport } = await import("../telemetry/otel/export-events.ts");
    const { reportEvaluations } = await import("../services/evaluation-events.ts");
    const started = configured(() => startEventExport({ ...events, resource, log }));
    evaluationEvents = reportEvaluations(
      (attributes, parent) => started.emit("feature_flag.evaluation", attributes, parent),
      events.ratio,
    );
    stops.push(started.stop);
  }
  return {
    evaluationEvents,
    metricsPushed: metrics !== undefined && !metrics.served,
    tracing,
    async stop(graceMs) {
      await Promise.all(stops.map((stop) => stop(graceMs)));
    },
  };
}

function configured<T>(create: () => T): T {
  try {
    return create();
  } catch (error) {
    const reason = messageOf(error);
    throw new ConfigError(
      `the TLS files for the OpenTelemetry collector cannot be used: ${reason}`,
    );
  }
}

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
