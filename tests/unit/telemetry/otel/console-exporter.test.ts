import { expect, test } from "bun:test";
import { emptyResource } from "@opentelemetry/resources";
import { Registry } from "../../../../src/telemetry/metrics/registry.ts";
import { metricLines, spanLines } from "../../../../src/telemetry/otel/console-exporter.ts";
import { readableSpan } from "../../../../src/telemetry/otel/export-spans.ts";
import { RegistryProducer } from "../../../../src/telemetry/otel/metric-producer.ts";

test("a span is a line with ids in hexadecimal, times and names that people read", () => {
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const span = readableSpan(
    {
      context: { traceId, spanId: "b7ad6b7169203331", sampled: true, state: "" },
      parent: { spanId: "00f067aa0ba902b7", remote: true },
      name: "resolveBoolean",
      scope: "s",
      kind: "server",
      start: Date.UTC(2026, 0, 2),
      end: Date.UTC(2026, 0, 2) + 1.5,
      attributes: { "feature_flag.key": "b" },
      events: [{ name: "exception", time: 0, attributes: { "exception.message": "gone" } }],
      error: "failed",
    },
    emptyResource(),
  );
  expect(spanLines([span])).toEqual([
    {
      time: "2026-01-02T00:00:00.000Z",
      span: "resolveBoolean",
      traceId,
      spanId: "b7ad6b7169203331",
      parentSpanId: "00f067aa0ba902b7",
      kind: "server",
      milliseconds: 1.5,
      error: "failed",
      attributes: { "feature_flag.key": "b" },
      events: [{ name: "exception", "exception.message": "gone" }],
      scope: "s",
    },
  ]);
});

test("a metric is a line with all its series", async () => {
  const registry = new Registry();
  const scope = registry.scope("s");
  const counter = scope.counter({ name: "c", description: "", unit: "By" });
  counter.series({ colour: "red" }).value = 3;
  counter.series({ colour: "blue" }).value = 4;
  scope.histogram({ name: "h", description: "" }, [1, 2]).series().observe(1.5);
  const now = () => Date.UTC(2026, 0, 2);
  const producer = new RegistryProducer(registry, "cumulative", 0, now);
  const time = "2026-01-02T00:00:00.000Z";
  expect(metricLines((await producer.collect()).resourceMetrics)).toEqual([
    {
      time,
      metric: "c",
      unit: "By",
      series: [
        { colour: "red", value: 3 },
        { colour: "blue", value: 4 },
      ],
      scope: "s",
    },
    {
      time,
      metric: "h",
      unit: undefined,
      series: [{ count: 1, sum: 1.5, buckets: { "≤2": 1 } }],
      scope: "s",
    },
  ]);
});
