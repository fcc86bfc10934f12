import { expect, test } from "bun:test";
import { fromBinary, toJson } from "@bufbuild/protobuf";
import type { Temporality } from "../../../../src/core/otel-settings.ts";
import { Registry } from "../../../../src/telemetry/metrics/registry.ts";
import { metricsSignal } from "../../../../src/telemetry/otel/collector-exporter.ts";
import { RegistryProducer } from "../../../../src/telemetry/otel/metric-producer.ts";
import { ExportMetricsServiceRequestSchema } from "../../../support/otlp/gen/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.ts";
import { MetricSchema } from "../../../support/otlp/gen/opentelemetry/proto/metrics/v1/metrics_pb.ts";

const startedAt = 1_700_000_000_000.5;

function produce(registry: Registry, temporality: Temporality = "cumulative") {
  let now = 1_700_000_000_000;
  const producer = new RegistryProducer(registry, temporality, startedAt, () => {
    now += 1000;
    return now;
  });
  /** What a collector reads of one collection. */
  return async () => {
    const { resourceMetrics } = await producer.collect();
    const bytes = metricsSignal.protobuf.serializeRequest(resourceMetrics) ?? new Uint8Array();
    const request = fromBinary(ExportMetricsServiceRequestSchema, bytes);
    const [sent] = request.resourceMetrics;
    if (!sent) throw new Error("nothing was sent");
    const scopes = sent.scopeMetrics.map(({ scope, metrics }) => ({
      scope: scope?.name,
      metrics: metrics.map((metric) => toJson(MetricSchema, metric)),
    }));
    return { resource: sent.resource, scopes };
  };
}

const period = {
  startTimeUnixNano: "1700000000000500000",
  timeUnixNano: "1700000001000000000",
};
const red = { attributes: [{ key: "colour", value: { stringValue: "red" } }], ...period };
const common = { description: "d", unit: "s" };

test("every kind of instrument becomes the data that OTLP has for it", async () => {
  const registry = new Registry({ resource: { "service.name": "x" } });
  const scope = registry.scope("own");
  scope.counter({ name: "counter", ...common }).series({ colour: "red" }).value = 3;
  scope.upDownCounter({ name: "open", ...common }).series({ colour: "red" }).value = -1;
  scope.observe({ name: "gauge", ...common }, "gauge", () => [
    { attributes: { colour: "red" }, value: 0.5 },
  ]);
  const histogram = scope.histogram({ name: "histogram", ...common }, [1, 2]);
  for (const value of [0.5, 1.5, 9]) histogram.series({ colour: "red" }).observe(value);

  const aggregationTemporality = "AGGREGATION_TEMPORALITY_CUMULATIVE";
  const { resource, scopes } = await produce(registry)();
  expect(scopes).toEqual([
    {
      scope: "own",
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
  expect(resource?.attributes).toMatchObject([
    { key: "service.name", value: { value: { case: "stringValue", value: "x" } } },
  ]);
});

test("a scope that measured nothing is left out, and so are facts about the process", async () => {
  const registry = new Registry();
  registry.scope("silent").counter({ name: "c", description: "" });
  registry.scope("").counter({ name: "process.cpu.time", description: "" }).series().value = 1;
  expect((await produce(registry)()).scopes).toEqual([]);
});

test.each<[Temporality, string[]]>([
  ["cumulative", ["counter 3 6", "observed 5 5", "open 3 6", "histogram 1 2"]],
  ["delta", ["counter 3 3", "observed 5 0", "open 3 6", "histogram 1 1"]],
  ["lowmemory", ["counter 3 3", "observed 5 5", "open 3 6", "histogram 1 1"]],
])("with %s temporality, two exports have %p", async (temporality, expected) => {
  const registry = new Registry();
  const scope = registry.scope("own");
  const counter = scope.counter({ name: "counter", ...common }).series();
  scope.observe({ name: "observed", ...common }, "counter", () => [{ attributes: {}, value: 5 }]);
  const open = scope.upDownCounter({ name: "open", ...common }).series();
  const histogram = scope.histogram({ name: "histogram", ...common }, [1]).series();
  const collect = produce(registry, temporality);
  const values: Record<string, number[]> = {};
  for (let i = 0; i < 2; i++) {
    counter.value += 3;
    open.value += 3;
    histogram.observe(0.5);
    for (const metric of (await collect()).scopes[0]?.metrics ?? []) {
      const { name, sum, histogram } = metric as {
        name: string;
        sum?: { dataPoints: { asDouble?: number }[] };
        histogram?: { dataPoints: { count: string; bucketCounts: string[] }[] };
      };
      const [bucket = "0"] = histogram?.dataPoints[0]?.bucketCounts ?? [];
      values[name] ??= [];
      values[name].push(sum ? (sum.dataPoints[0]?.asDouble ?? 0) : Number(bucket));
    }
  }
  const shown = Object.entries(values).map(([name, both]) => `${name} ${both.join(" ")}`);
  expect(shown).toEqual(expected);
});

test("a delta begins when the one before it ended", async () => {
  const registry = new Registry();
  const counter = registry
    .scope("own")
    .counter({ name: "counter", ...common })
    .series();
  counter.value = 1;
  const collect = produce(registry, "delta");
  const times: unknown[] = [];
  for (let i = 0; i < 2; i++) {
    const [metric] = (await collect()).scopes[0]?.metrics ?? [];
    const { sum } = metric as { sum: { aggregationTemporality: string; dataPoints: object[] } };
    expect(sum.aggregationTemporality).toBe("AGGREGATION_TEMPORALITY_DELTA");
    times.push(sum.dataPoints[0]);
  }
  expect(times).toMatchObject([
    { startTimeUnixNano: period.startTimeUnixNano, timeUnixNano: "1700000001000000000" },
    { startTimeUnixNano: "1700000001000000000", timeUnixNano: "1700000002000000000" },
  ]);
});
