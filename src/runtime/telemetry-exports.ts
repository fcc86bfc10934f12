import type { OtelConfig } from "../config/otel/read.ts";
import { ConfigError } from "../core/config-error.ts";
import type { Log } from "../core/log.ts";
import { within } from "../core/within.ts";
import type { Collection } from "../telemetry/metrics/registry.ts";
import type { Attributes } from "../telemetry/metrics/series.ts";
import type { Tracing } from "./tracing.ts";

/** The longest that a daemon which ends waits for the last telemetry to be sent. */
export const exportGraceMs = 3_000;

/** What is sent to OpenTelemetry collectors. */
export interface TelemetryExports {
  /** Metrics are sent, and therefore not at /metrics. */
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
  const stops: (() => Promise<void>)[] = [];
  if (metrics && registry) {
    const { MetricsPush } = await import("../telemetry/otel/push-metrics.ts");
    const push = configured(() => new MetricsPush({ ...metrics, registry, log }));
    stops.push(() => push.stop());
  }
  let tracing: Tracing | undefined;
  if (traces) {
    const { startTracing } = await import("../telemetry/otel/start-tracing.ts");
    const { createTracing } = await import("./tracing.ts");
    const started = configured(() => startTracing({ ...traces, resource, log }));
    tracing = createTracing(started.tracer);
    stops.push(() => started.stop());
  }
  return {
    metricsPushed: metrics !== undefined,
    tracing,
    async stop(graceMs) {
      if (stops.length === 0) return;
      await within(Promise.all(stops.map((stop) => stop())), graceMs);
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
