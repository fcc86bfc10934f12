import { SpanKind } from "@opentelemetry/api";
import { type ExportResult, ExportResultCode, hrTimeToMilliseconds } from "@opentelemetry/core";
import { DataPointType, type MetricData, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { Delivery } from "./delivery.ts";

/** Writes lines of JSON to standard output, for people who try things out. */
export class ConsoleExporter<Items> {
  readonly #lines: (items: Items) => readonly object[];
  readonly #delivery: Delivery;

  /** @param lines what is written: an object a line */
  constructor(lines: (items: Items) => readonly object[], delivery: Delivery) {
    this.#lines = lines;
    this.#delivery = delivery;
    process.stdout.on("error", ignore);
  }

  export(items: Items, done: (result: ExportResult) => void): void {
    const text = this.#lines(items)
      .map((line) => `${JSON.stringify(line)}\n`)
      .join("");
    process.stdout.write(text, (error) => {
      if (error) this.#delivery.failed(error);
      else this.#delivery.succeeded();
      done({ code: ExportResultCode.SUCCESS });
    });
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {
    process.stdout.off("error", ignore);
  }
}

/** The callback of a write reports its failure; without a listener it would be uncaught as well. */
function ignore(): void {}

/** A line for each span. */
export function spanLines(spans: readonly ReadableSpan[]): readonly object[] {
  return spans.map((span) => {
    const { traceId, spanId } = span.spanContext();
    return {
      time: isoTime(span.startTime),
      span: span.name,
      traceId,
      spanId,
      parentSpanId: span.parentSpanContext?.spanId,
      kind: SpanKind[span.kind]?.toLowerCase(),
      milliseconds: hrTimeToMilliseconds(span.duration),
      error: span.status.message,
      attributes: span.attributes,
      ...(span.events.length > 0 && {
        events: span.events.map(({ name, attributes }) => ({ name, ...attributes })),
      }),
      scope: span.instrumentationScope.name,
    };
  });
}

/** A line for each metric, with all its series. */
export function metricLines({ scopeMetrics }: ResourceMetrics): readonly object[] {
  return scopeMetrics.flatMap(({ scope, metrics }) =>
    metrics.map((metric) => ({
      time: metric.dataPoints[0] && isoTime(metric.dataPoints[0].endTime),
      metric: metric.descriptor.name,
      unit: metric.descriptor.unit || undefined,
      series: seriesOf(metric),
      scope: scope.name,
    })),
  );
}

function seriesOf(metric: MetricData): readonly object[] {
  if (metric.dataPointType === DataPointType.HISTOGRAM) {
    return metric.dataPoints.map(({ attributes, value: { count, sum, buckets } }) => ({
      ...attributes,
      count,
      sum,
      // Those that have something, by their upper bound.
      buckets: Object.fromEntries(
        buckets.counts
          .map((inBucket, i) => [`≤${buckets.boundaries[i] ?? "∞"}`, inBucket] as const)
          .filter(([, inBucket]) => inBucket > 0),
      ),
    }));
  }
  return metric.dataPoints.map(({ attributes, value }) => ({ ...attributes, value }));
}

function isoTime(time: ReadableSpan["startTime"]): string {
  return new Date(hrTimeToMilliseconds(time)).toISOString();
}
