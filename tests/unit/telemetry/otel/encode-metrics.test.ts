import { expect, test } from "bun:test";
import { toJson } from "@bufbuild/protobuf";
import { ExportMetricsServiceRequestSchema } from "../../../../src/gen/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.ts";
import { Registry } from "../../../../src/telemetry/metrics/registry.ts";
import { encodeMetrics } from "../../../../src/telemetry/otel/encode-metrics.ts";

function encoded(registry: Registry) {
  const request = encodeMetrics(registry.collect(), 1_700_000_000_000.5, 1_700_000_001_000);
  return toJson(ExportMetricsServiceRequestSchema, request) as unknown as {
    resourceMetrics: {
      resource: { attributes: object[] };
      scopeMetrics: { scope: object; metrics: object[] }[];
    }[];
  };
}

const period = {
  startTimeUnixNano: "1700000000000500000",
  timeUnixNano: "1700000001000000000",
};
const red = { attributes: [{ key: "colour", value: { stringValue: "red" } }], ...period };

test("every kind of instrument becomes the data that OTLP has for it", () => {
  const registry = new Registry({ resource: { "service.name": "x" } });
  const scope = registry.scope("own");
  const common = { description: "d", unit: "s" };
  scope.counter({ name: "counter", ...common }).series({ colour: "red" }).value = 3;
  scope.upDownCounter({ name: "open", ...common }).series({ colour: "red" }).value = -1;
  scope.observe({ name: "gauge", ...common }, "gauge", () => [
    { attributes: { colour: "red" }, value: 0.5 },
  ]);
  const histogram = scope.histogram({ name: "histogram", ...common }, [1, 2]);
  for (const value of [0.5, 1.5, 9]) histogram.series({ colour: "red" }).observe(value);

  const aggregationTemporality = "AGGREGATION_TEMPORALITY_CUMULATIVE";
  const [resource] = encoded(registry).resourceMetrics;
  expect(resource?.scopeMetrics).toEqual([
    {
      scope: { name: "own" },
      metrics: [
        {
          name: "counter",
          ...common,
          sum: { dataPoints: [{ ...red, asDouble: 3 }], aggregationTemporality, isMonotonic: true },
        },
        {
          name: "open",
          ...common,
          sum: { dataPoints: [{ ...red, asDouble: -1 }], aggregationTemporality },
        },
        { name: "gauge", ...common, gauge: { dataPoints: [{ ...red, asDouble: 0.5 }] } },
        {
          name: "histogram",
          ...common,
          histogram: {
            dataPoints: [
              {
                ...red,
                count: "3",
                sum: 11,
                bucketCounts: ["1", "1", "1"],
                explicitBounds: [1, 2],
              },
            ],
            aggregationTemporality,
          },
        },
      ],
    },
  ]);
  expect(resource?.resource.attributes).toContainEqual({
    key: "service.name",
    value: { stringValue: "x" },
  });
});

test("a scope that measured nothing is left out", () => {
  const registry = new Registry();
  registry.scope("silent").counter({ name: "c", description: "" });
  expect(encoded(registry).resourceMetrics[0]?.scopeMetrics).toBeUndefined();
});
