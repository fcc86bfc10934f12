import type { OtelConfig } from "../config/otel/otel-config.ts";
import { buildInfo } from "../core/build-info.ts";
import type { Log } from "../core/log.ts";
import { merge } from "../telemetry/metrics/merge.ts";
import { exposition } from "../telemetry/metrics/prometheus.ts";
import { type Collection, processOnly, Registry } from "../telemetry/metrics/registry.ts";
import { observeProcess } from "../telemetry/process-metrics.ts";
import { describeResource } from "../telemetry/resource.ts";
import { exportGraceMs, startExports } from "./telemetry-exports.ts";
import type { Tracing } from "./tracing.ts";

/** What a daemon measures of itself, and where that goes. */
export interface Telemetry {
  readonly registry: Registry;
  /** Undefined: nothing is traced. */
  readonly tracing: Tracing | undefined;
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
    collect,
    async expose() {
      const collection = await collect();
      return exposition(exports.metricsPushed ? processOnly(collection) : collection);
    },
    stop: (graceMs) => exports.stop(Math.min(graceMs, exportGraceMs)),
  };
}
