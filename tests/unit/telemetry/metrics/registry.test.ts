import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { HistogramSeries } from "../../../../src/telemetry/metrics/instrument.ts";
import { exposition } from "../../../../src/telemetry/metrics/prometheus.ts";
import { merge, Registry } from "../../../../src/telemetry/metrics/registry.ts";

const lines = (registry: Registry, name: string) =>
  exposition(registry.collect())
    .split("\n")
    .filter((line) => line.startsWith(name));

describe("instrument", () => {
  test("the same attributes are the same series, in whatever order", () => {
    const counter = new Registry().scope("flagd").counter({ name: "c", description: "" });
    const first = counter.series({ a: "1", b: "2" });
    first.value++;
    expect(counter.series({ b: "2", a: "1" })).toBe(first);
    expect(counter.series({ a: "1" })).not.toBe(first);
  });

  test("different attributes are never the same series", () => {
    const attributes = fc.dictionary(fc.string(), fc.string({ unit: "grapheme" }), { maxKeys: 3 });
    fc.assert(
      fc.property(attributes, attributes, (a, b) => {
        const counter = new Registry().scope("s").counter({ name: "c", description: "" });
        expect(counter.series(a) === counter.series(b)).toBe(Bun.deepEquals({ ...a }, { ...b }));
      }),
    );
  });

  test("series beyond the limit are counted together as overflow", () => {
    const registry = new Registry({ seriesLimit: 10 });
    const counter = registry.scope("flagd").counter({ name: "c", description: "" });
    for (let i = 0; i < 25; i++) counter.series({ path: `/${i}` }).value++;
    counter.series({ path: "/3" }).value++;
    const found = lines(registry, "c_total");
    expect(found).toHaveLength(10);
    expect(found).toContain(
      'c_total{otel_metric_overflow="true",otel_scope_name="flagd",otel_scope_schema_url="",otel_scope_version=""} 16',
    );
    expect(found.find((line) => line.includes('path="/3"'))).toEndWith(" 2");
  });

  test("the default limit is 2000 series", () => {
    const counter = new Registry().scope("flagd").counter({ name: "c", description: "" });
    for (let i = 0; i < 2300; i++) counter.series({ path: `/${i}` }).value++;
    expect(counter.read()).toHaveLength(2000);
    expect(counter.read().at(-1)?.value).toBe(301);
  });

  test("long values are cut to whole characters", () => {
    const counter = new Registry().scope("flagd").counter({ name: "c", description: "" });
    const { attributes } = counter.series({ a: `${"x".repeat(255)}😀${"y".repeat(1000)}` });
    expect(attributes.a).toHaveLength(256);
    expect(attributes.a?.isWellFormed()).toBe(true);
  });
});

describe("histogram", () => {
  test("bounds are inclusive", () => {
    const series = new HistogramSeries({}, [1, 2]);
    for (const value of [0, 1, 1.5, 2, 2.1, 1e9]) series.observe(value);
    expect(series.counts).toEqual([2, 2, 2]);
    expect(series.count).toBe(6);
  });

  test("every observation is in exactly the bucket of its value", () => {
    const bounds = [0, 5, 10, 100];
    const numbers = fc.array(fc.double({ noNaN: true, min: -10, max: 200 }));
    fc.assert(
      fc.property(numbers, (values) => {
        const series = new HistogramSeries({}, bounds);
        for (const value of values) series.observe(value);
        let cumulative = 0;
        for (const [i, bound] of bounds.entries()) {
          cumulative += series.counts[i] ?? Number.NaN;
          expect(cumulative).toBe(values.filter((value) => value <= bound).length);
        }
        expect(series.count).toBe(values.length);
        expect(series.sum).toBeCloseTo(values.reduce((a, b) => a + b, 0));
      }),
    );
  });
});

describe("exposition", () => {
  test("counters, up-down counters and histograms", () => {
    const registry = new Registry({ resource: { "service.name": "flagd" } });
    const scope = registry.scope("flagd");
    scope.counter({ name: "b.c", description: "Counts\nb\\c." }).series({ "x.y": "1" }).value = 3;
    scope.upDownCounter({ name: "a", description: "A.", unit: "{a}" }).series().value = -1;
    const histogram = scope.histogram({ name: "h", description: "H.", unit: "s" }, [0.5, 10]);
    histogram.series({ k: "v" }).observe(0.25);
    histogram.series({ k: "v" }).observe(99);
    const scoped = 'otel_scope_name="flagd",otel_scope_schema_url="",otel_scope_version=""';
    expect(exposition(registry.collect())).toBe(
      `# HELP a A.
# TYPE a gauge
a{${scoped}} -1
# HELP b_c_total Counts\\nb\\\\c.
# TYPE b_c_total counter
b_c_total{${scoped},x_y="1"} 3
# HELP h_seconds H.
# TYPE h_seconds histogram
h_seconds_bucket{k="v",${scoped},le="0.5"} 1
h_seconds_bucket{k="v",${scoped},le="10"} 1
h_seconds_bucket{k="v",${scoped},le="+Inf"} 2
h_seconds_sum{k="v",${scoped}} 99.25
h_seconds_count{k="v",${scoped}} 2
# HELP target_info Target metadata
# TYPE target_info gauge
target_info{service_name="flagd"} 1
`,
    );
  });

  test("bounds of buckets are written as every flagd writes them", () => {
    const registry = new Registry();
    const bounds = [0.005, 0.5, 1, 2.5, 10_000, 100_000, 1e6, 2.5e7, 1e9, 1e12];
    registry.scope("").histogram({ name: "h", description: "" }, bounds).series().observe(1);
    const written = lines(registry, "h_bucket").map((line) => /le="(.*)"/.exec(line)?.[1]);
    expect(written).toEqual(
      "0.005 0.5 1 2.5 10000 100000 1e+06 2.5e+07 1e+09 1e+12 +Inf".split(" "),
    );
  });

  test("label values are escaped so that each can be read back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 20 }), (value) => {
        const registry = new Registry();
        registry.scope("").counter({ name: "c", description: "" }).series({ v: value });
        const quoted = /^c_total\{v="(.*)"\} 0$/ms.exec(
          exposition(registry.collect()).split("\n").slice(2, -4).join("\n"),
        )?.[1];
        expect(quoted).not.toContain("\n");
        const read = quoted?.replace(/\\(.)/g, (_, c) => (c === "n" ? "\n" : c));
        expect(read).toBe(value);
      }),
    );
  });

  test("families of one name in two scopes share a head", () => {
    const registry = new Registry();
    const definition = { name: "same", description: "Same." };
    registry.scope("one").counter(definition).series().value = 1;
    registry.scope("two").counter(definition).series().value = 2;
    expect(exposition(registry.collect()).match(/# TYPE same_total/g)).toHaveLength(1);
    expect(lines(registry, "same_total")).toHaveLength(2);
  });

  test("a family without series does not appear", () => {
    const registry = new Registry();
    registry.scope("flagd").counter({ name: "never", description: "" });
    expect(exposition(registry.collect())).not.toContain("never");
  });

  test("a metric that cannot be read is left out, the others are not", () => {
    const registry = new Registry();
    registry.scope("").observe({ name: "broken", description: "" }, "gauge", () => {
      throw new Error("no /proc");
    });
    registry
      .scope("")
      .observe({ name: "fine", description: "" }, "gauge", () => [{ value: 1, attributes: {} }]);
    expect(exposition(registry.collect())).not.toContain("broken");
    expect(lines(registry, "fine")).toEqual(["fine 1"]);
  });
});

test("a collection has OpenTelemetry's names", () => {
  const registry = new Registry({ resource: { "service.name": "flagd" } });
  const definition = { name: "feature_flag.count", description: "D.", unit: "{flag}" };
  registry.scope("flagd").counter(definition).series({ "feature_flag.key": "a" }).value = 2;
  const { resource, scopes } = registry.collect();
  expect(resource).toEqual({ "service.name": "flagd" });
  expect(scopes).toHaveLength(1);
  expect(scopes[0]?.metrics[0]).toMatchObject({
    definition,
    kind: "counter",
    series: [{ attributes: { "feature_flag.key": "a" }, value: 2 }],
  });
});

function thread(calls: Readonly<Record<string, number>>, seconds: readonly number[]) {
  const registry = new Registry({ resource: { "service.name": "flagd" } });
  const scope = registry.scope("flagd");
  const counter = scope.counter({ name: "calls", description: "" });
  for (const [method, count] of Object.entries(calls)) counter.series({ method }).value = count;
  const histogram = scope.histogram({ name: "time", description: "", unit: "s" }, [1, 10]);
  for (const value of seconds) histogram.series().observe(value);
  scope.observe({ name: "memory", description: "" }, "gauge", () => [{ value: 5, attributes: {} }]);
  // As it arrives from another thread: data without methods.
  return structuredClone(registry.collect());
}

test("counters and histograms of threads add up, gauges do not", () => {
  const text = exposition(merge(thread({ a: 1, b: 2 }, [0.5]), [thread({ b: 3, c: 4 }, [2, 20])]));
  expect(text).toMatch(/^calls_total\{method="a",.*\} 1$/m);
  expect(text).toMatch(/^calls_total\{method="b",.*\} 5$/m);
  expect(text).toMatch(/^calls_total\{method="c",.*\} 4$/m);
  expect(text).toMatch(/^time_seconds_bucket\{.*le="1"\} 1$/m);
  expect(text).toMatch(/^time_seconds_bucket\{.*le="10"\} 2$/m);
  expect(text).toMatch(/^time_seconds_count\{.*\} 3$/m);
  expect(text).toMatch(/^time_seconds_sum\{.*\} 22.5$/m);
  expect(text).toMatch(/^memory\{.*\} 5$/m);
});

test("a single thread's metrics stay as they are", () => {
  const only = thread({ a: 1 }, []);
  expect(merge(only, [])).toBe(only);
});
