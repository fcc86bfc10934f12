import type { Temporality } from "../../core/otel-settings.ts";
import type { Metric } from "../metrics/registry.ts";
import type { HistogramData } from "../metrics/series.ts";

/**
 * Whether a metric is exported as what was added since the export before. What goes up and down is
 * cumulative in any case (OpenTelemetry's OTLP metrics exporter, "temporality preference").
 */
export function isDelta({ kind, observed }: Metric, temporality: Temporality): boolean {
  if (temporality === "cumulative" || (temporality === "lowmemory" && observed)) return false;
  return kind === "counter" || kind === "histogram";
}

/** Knows what was exported before. As many entries as there are series, whose number is bounded. */
export class Deltas {
  readonly #before = new Map<string, number | HistogramData>();

  /** What has been added to each series since the last call. */
  since(scope: string, metric: Metric): Metric {
    const exchange = <Value extends number | HistogramData>(
      attributes: HistogramData["attributes"],
      value: Value,
    ): Value | undefined => {
      const key = JSON.stringify([scope, metric.definition.name, attributes]);
      const before = this.#before.get(key) as Value | undefined;
      this.#before.set(key, value);
      return before;
    };
    if (metric.kind === "histogram") {
      const series = metric.series.map((now) => {
        // A copy: the registry goes on counting in the same object.
        const before = exchange(now.attributes, { ...now, counts: [...now.counts] });
        return before ? difference(now, before) : now;
      });
      return { ...metric, series };
    }
    const series = metric.series.map(({ attributes, value }) => ({
      attributes,
      value: value - (exchange(attributes, value) ?? 0),
    }));
    return { ...metric, series };
  }
}

function difference(now: HistogramData, before: HistogramData): HistogramData {
  return {
    attributes: now.attributes,
    bounds: now.bounds,
    counts: now.counts.map((count, bucket) => count - (before.counts[bucket] ?? 0)),
    sum: now.sum - before.sum,
    count: now.count - before.count,
  };
}
