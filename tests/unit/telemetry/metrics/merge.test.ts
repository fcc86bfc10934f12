import { expect, test } from "bun:test";
import { merge } from "../../../../src/telemetry/metrics/merge.ts";
import { exposition } from "../../../../src/telemetry/metrics/prometheus.ts";
import { Registry } from "../../../../src/telemetry/metrics/registry.ts";

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
