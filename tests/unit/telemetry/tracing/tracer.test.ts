import { expect, test } from "bun:test";
import type { SamplerSettings } from "../../../../src/core/otel-settings.ts";
import type { SpanContext } from "../../../../src/telemetry/tracing/trace-context.ts";
import { type FinishedSpan, Tracer } from "../../../../src/telemetry/tracing/tracer.ts";

const caller = (sampled: boolean): SpanContext => ({
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  sampled,
  state: "vendor=1",
});
const start = { name: "n", scope: "s", kind: "server" } as const;

function setUp(sampler: SamplerSettings) {
  const finished: FinishedSpan[] = [];
  return { tracer: new Tracer(sampler, (span) => finished.push(span)), finished };
}

test("a span continues its caller's trace, one within it its own", () => {
  const { tracer, finished } = setUp({ parentBased: false, ratio: 1 });
  const outer = tracer.enter(start, caller(true));
  const inner = tracer.within({ ...start, kind: "internal" }, outer.context);
  inner.end({ a: 1 }, "broken");
  outer.end({});
  const [first, second] = finished;
  expect(first?.context.traceId).toBe(caller(true).traceId);
  expect(first?.parent).toEqual({ spanId: outer.context.spanId, remote: false });
  expect(first).toMatchObject({ attributes: { a: 1 }, error: "broken" });
  expect(second?.parent).toEqual({ spanId: caller(true).spanId, remote: true });
  expect(second?.context).toMatchObject({ state: "vendor=1", sampled: true });
  expect(first?.start).toBeGreaterThanOrEqual(second?.start ?? Number.NaN);
  expect(first?.end).toBeLessThanOrEqual(second?.end ?? Number.NaN);
});

test("a span without a caller begins a trace", () => {
  const { tracer, finished } = setUp({ parentBased: true, ratio: 1 });
  for (let i = 0; i < 2; i++) tracer.enter(start, undefined).end({});
  expect(new Set(finished.map(({ context }) => context.traceId)).size).toBe(2);
  expect(finished.map(({ parent }) => parent)).toEqual([undefined, undefined]);
});

test.each<[SamplerSettings, boolean | undefined, number]>([
  [{ parentBased: false, ratio: 1 }, false, 1],
  [{ parentBased: true, ratio: 1 }, false, 0],
  [{ parentBased: true, ratio: 0 }, true, 1],
  [{ parentBased: true, ratio: 0 }, undefined, 0],
  [{ parentBased: false, ratio: 0 }, true, 0],
])("by %j, of a caller sampled %p, %i spans are kept", (sampler, sampled, kept) => {
  const { tracer, finished } = setUp(sampler);
  const outer = tracer.enter(start, sampled === undefined ? undefined : caller(sampled));
  tracer.within(start, outer.context).end({});
  outer.end({});
  expect(finished).toHaveLength(2 * kept);
});

test("a ratio keeps that part of the traces", () => {
  const { tracer, finished } = setUp({ parentBased: true, ratio: 0.25 });
  for (let i = 0; i < 4000; i++) tracer.enter(start, undefined).end({});
  // 1000 ± ten standard deviations.
  expect(Math.abs(finished.length - 1000)).toBeLessThan(275);
});
