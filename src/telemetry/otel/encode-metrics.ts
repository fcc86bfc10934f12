import { create } from "@bufbuild/protobuf";
import {
  type ExportMetricsServiceRequest,
  ExportMetricsServiceRequestSchema,
} from "../../gen/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.ts";
import {
  AggregationTemporality,
  HistogramDataPointSchema,
  type Metric as MetricMessage,
  MetricSchema,
  NumberDataPointSchema,
  ResourceMetricsSchema,
  ScopeMetricsSchema,
} from "../../gen/opentelemetry/proto/metrics/v1/metrics_pb.ts";
import type { Observation } from "../metrics/instrument.ts";
import type { Collection, Metric } from "../metrics/registry.ts";
import type { HistogramData } from "../metrics/series.ts";
import { keyValues, nanoseconds, resource, scope } from "./encode.ts";

/** Since when sums are summed up, and when they were read: nanoseconds since 1970. */
interface Period {
  readonly startTimeUnixNano: bigint;
  readonly timeUnixNano: bigint;
}

const aggregationTemporality = AggregationTemporality.CUMULATIVE;

/** @param startMs when the process started, `nowMs` when metrics were collected: milliseconds since 1970 */
export function encodeMetrics(
  collection: Collection,
  startMs: number,
  nowMs: number,
): ExportMetricsServiceRequest {
  const period = {
    startTimeUnixNano: nanoseconds(startMs),
    timeUnixNano: nanoseconds(nowMs),
  };
  const scopeMetrics = collection.scopes
    .filter(({ metrics }) => metrics.length > 0)
    .map(({ name, metrics }) =>
      create(ScopeMetricsSchema, {
        scope: scope(name),
        metrics: metrics.map((metric) => encodeMetric(metric, period)),
      }),
    );
  return create(ExportMetricsServiceRequestSchema, {
    resourceMetrics: [
      create(ResourceMetricsSchema, { resource: resource(collection.resource), scopeMetrics }),
    ],
  });
}

function encodeMetric(metric: Metric, period: Period): MetricMessage {
  const { name, description, unit = "" } = metric.definition;
  return create(MetricSchema, { name, description, unit, data: data(metric, period) });
}

function data(metric: Metric, period: Period) {
  if (metric.kind === "histogram") {
    const dataPoints = metric.series.map((series) => histogramPoint(series, period));
    return { case: "histogram" as const, value: { dataPoints, aggregationTemporality } };
  }
  const dataPoints = metric.series.map((series) => numberPoint(series, period));
  if (metric.kind === "gauge") return { case: "gauge" as const, value: { dataPoints } };
  const isMonotonic = metric.kind === "counter";
  return { case: "sum" as const, value: { dataPoints, aggregationTemporality, isMonotonic } };
}

function numberPoint({ attributes, value }: Observation, period: Period) {
  return create(NumberDataPointSchema, {
    ...period,
    attributes: keyValues(attributes),
    value: { case: "asDouble", value },
  });
}

function histogramPoint({ attributes, bounds, counts, sum, count }: HistogramData, period: Period) {
  return create(HistogramDataPointSchema, {
    ...period,
    attributes: keyValues(attributes),
    count: BigInt(count),
    sum,
    bucketCounts: counts.map(BigInt),
    explicitBounds: [...bounds],
  });
}
