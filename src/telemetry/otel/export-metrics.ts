import {
  PeriodicExportingMetricReader,
  type PushMetricExporter,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import type { Log } from "../../core/log.ts";
import type { Destination, MetricExportSettings } from "../../core/otel-settings.ts";
import { CollectorExporter, metricsSignal } from "./collector-exporter.ts";
import { ConsoleExporter, metricLines } from "./console-exporter.ts";
import { Delivery, logDiagnostics, shutDown } from "./delivery.ts";
import { type MetricSource, RegistryProducer } from "./metric-producer.ts";

export interface MetricExportOptions extends MetricExportSettings {
  readonly metrics: MetricSource;
  readonly log: Log;
}

/**
 * Sends what is measured in an interval.
 * @throws Error naming a TLS file that cannot be used
 */
export function startMetricExport(options: MetricExportOptions): {
  /** Sends the last state, for up to `graceMs`. */
  stop(graceMs: number): Promise<void>;
} {
  const { log, intervalMs, timeoutMs, temporality, metrics } = options;
  logDiagnostics(log);
  const outlets = options.to.map((destination) => {
    const delivery = new Delivery("metrics", destination, log);
    const reader = new PeriodicExportingMetricReader({
      exporter: metricExporter(destination, delivery),
      exportIntervalMillis: intervalMs,
      exportTimeoutMillis: Math.min(timeoutMs, intervalMs),
    });
    reader.setMetricProducer(new RegistryProducer(metrics, temporality));
    return { delivery, sender: reader };
  });
  return {
    async stop(graceMs) {
      await shutDown(outlets, graceMs);
    },
  };
}

function metricExporter(destination: Destination, delivery: Delivery): PushMetricExporter {
  if (destination === "console") {
    return new ConsoleExporter<ResourceMetrics>(metricLines, delivery);
  }
  return new CollectorExporter(metricsSignal, destination, delivery);
}
