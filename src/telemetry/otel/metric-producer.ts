import { type HrTime, ValueType } from "@opentelemetry/api";
import { millisToHrTime } from "@opentelemetry/core";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  type CollectionResult,
  DataPointType,
  type MetricData,
  type MetricProducer,
} from "@opentelemetry/sdk-metrics";
import type { Temporality } from "../../core/otel-settings.ts";
import type { HistogramData } from "../metrics/instrument.ts";
import type { Collection, Metric } from "../metrics/registry.ts";

/** Whatever collects metrics, from one thread or from several. */
export interface MetricSource {
  collect(): Collection | Promise<Collection>;
}

/** Hands the metrics of a registry to OpenTelemetry's metric reader. */
export class RegistryProducer implements MetricProducer {
  readonly #source: MetricSource;
  readonly #temporality: Temporality;
  readonly #deltas = new Deltas();
  readonly #now: () => number;
  readonly #started: HrTime;
  #collectedAt: HrTime;

  /** @param startedAt when the process started; it and `now`: milliseconds since 1970 */
  constructor(
    source: MetricSource,
    temporality: Temporality,
    startedAt: number = performance.timeOrigin,
    now: () => number = Date.now,
  ) {
    this.#source = source;
    this.#temporality = temporality;
    this.#now = now;
    this.#started = millisToHrTime(startedAt);
    this.#collectedAt = this.#started;
  }

  async collect(): Promise<CollectionResult> {
    const { resource, scopes } = await this.#source.collect();
    const now = millisToHrTime(this.#now());
    const last = this.#collectedAt;
    this.#collectedAt = now;
    // Facts about the process, which have no scope, stay at /metrics.
    const scopeMetrics = scopes
      .filter(({ name, metrics }) => name !== "" && metrics.length > 0)
      .map(({ name, metrics }) => ({
        scope: { name },
        metrics: metrics.map((metric) =>
          isDelta(metric, this.#temporality)
            ? metricData(this.#deltas.since(name, metric), last, now, AggregationTemporality.DELTA)
            : metricData(metric, this.#started, now, AggregationTemporality.CUMULATIVE),
        ),
      }));
    return {
      resourceMetrics: { resource: resourceFromAttributes(resource), scopeMetrics },
      errors: [],
    };
  }
}

/** A metric of ours in the form that OpenTelemetry's exporters take. */
function metricData(
  metric: Metric,
  startTime: HrTime,
  endTime: HrTime,
  aggregationTemporality: AggregationTemporality,
): MetricData {
  const { name, description, unit = "" } = metric.definition;
  const common = {
    descriptor: { name, description, unit, valueType: ValueType.DOUBLE },
    aggregationTemporality,
  };
  if (metric.kind === "histogram") {
    return {
      ...common,
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints: metric.series.map(({ attributes, bounds, counts, sum, count }) => ({
        startTime,
        endTime,
        attributes,
        value: { buckets: { boundaries: [...bounds], counts: [...counts] }, sum, count },
      })),
    };
  }
  const dataPoints = metric.series.map(({ attributes, value }) => ({
    startTime,
    endTime,
    attributes,
    value,
  }));
  if (metric.kind === "gauge") return { ...common, dataPointType: DataPointType.GAUGE, dataPoints };
  const isMonotonic = metric.kind === "counter";
  return { ...common, dataPointType: DataPointType.SUM, dataPoints, isMonotonic };
}

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
