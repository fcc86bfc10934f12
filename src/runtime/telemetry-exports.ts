import type { OtelConfig } from "../config/otel/otel-config.ts";
import { ConfigError } from "../core/config-error.ts";
import type { Log } from "../core/log.ts";
import type { Collection } from "../telemetry/metrics/registry.ts";
import type { Attributes } from "../telemetry/metrics/series.ts";
import type { Tracing } from "./tracing.ts";

/** The longest that a daemon which ends waits for the last telemetry to be sent. */
export const exportGraceMs = 3_000;

/** What is sent to OpenTelemetry collectors. */
export interface TelemetryExports {
  /** Metrics are sent instead of being served at /metrics. */
  readonly metricsPushed: boolean;
  /** Undefined: nothing is traced. */
  readonly tracing: Tracing | undefined;
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
  const { metrics, traces } = parts.config;
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
  return {
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
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(
      `the TLS files for the OpenTelemetry collector cannot be used: ${reason}`,
    );
  }
}
