import { ConfigError } from "../config/errors.ts";
import { type OtelOptions, readOtelConfig } from "../config/otel/read.ts";
import type { Log } from "../telemetry/log.ts";
import type { Collection } from "../telemetry/metrics/registry.ts";

/** What OpenTelemetry is told. */
export interface TelemetryExports {
  /** Metrics are sent, and therefore not at /metrics. */
  readonly metricsPushed: boolean;
  /** Sends what is left, for up to `graceMs`. Never rejects. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Starts what options and OpenTelemetry's variables ask for. Its code is loaded only then.
 * @throws ConfigError for what is wrong with them
 */
export async function startExports(parts: {
  readonly options: OtelOptions;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly registry: { collect(): Collection | Promise<Collection> };
  readonly log: Log;
}): Promise<TelemetryExports> {
  const { options, environment, registry } = parts;
  const log = parts.log.with({ component: "otel" });
  const { metrics, warnings } = readOtelConfig(options, environment);
  for (const warning of warnings) log.warn(warning);
  const stops: (() => Promise<void>)[] = [];
  if (metrics) {
    const { MetricsPush } = await import("../telemetry/otel/push-metrics.ts");
    const push = configured(() => new MetricsPush({ ...metrics, registry, log }));
    stops.push(() => push.stop());
  }
  return {
    metricsPushed: metrics !== undefined,
    async stop(graceMs) {
      if (stops.length === 0) return;
      await Promise.race([Promise.all(stops.map((stop) => stop())), Bun.sleep(graceMs)]);
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
