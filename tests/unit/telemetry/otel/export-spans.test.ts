import { expect, test } from "bun:test";
import { fromBinary } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { emptyResource } from "@opentelemetry/resources";
import type { SpanExportSettings } from "../../../../src/core/otel-settings.ts";
import { tracesSignal } from "../../../../src/telemetry/otel/collector-exporter.ts";
import { readableSpan, startSpanExport } from "../../../../src/telemetry/otel/export-spans.ts";
import type { FinishedSpan } from "../../../../src/telemetry/tracing/tracer.ts";
import { Collector, plain } from "../../../support/collector.ts";
import { ExportTraceServiceRequestSchema } from "../../../support/otlp/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import { rememberingLog } from "../../../support/remembering-log.ts";
import { until } from "../../../support/until.ts";

const graceMs = 10_000;

async function setUp(settings: Partial<SpanExportSettings>) {
  const collector = await Collector.start();
  const log = rememberingLog();
  const { tracer, stop } = startSpanExport({
    to: [
      {
        protocol: "grpc",
        url: `http://127.0.0.1:${collector.port}`,
        headers: {},
        timeoutMs: 10_000,
        gzip: false,
        files: {},
        reloadIntervalMs: 0,
      },
    ],
    sampler: { parentBased: false, ratio: 1 },
    delayMs: 3_600_000,
    queueSize: 100,
    batchSize: 10,
    timeoutMs: 30_000,
    maxAttributeLength: Number.POSITIVE_INFINITY,
    resource: {},
    log,
    ...settings,
  });
  let made = 0;
  const add = (count: number) => {
    for (let i = 0; i < count; i++) {
      tracer.enter({ name: `${made++}`, scope: "s", kind: "server" }, undefined).end({});
    }
  };
  return { collector, add, stop, log };
}

test("a full batch is sent at once, what is less after the delay", async () => {
  const { collector, add, stop } = await setUp({ delayMs: 50 });
  using _ = collector;
  add(13);
  await until("all spans", () => collector.spans().length === 13);
  expect(collector.traceRequests.length).toBeGreaterThanOrEqual(2);
  await stop(graceMs);
});

test("what waits is sent at the end, in batches, and nothing later", async () => {
  const { collector, add, stop } = await setUp({});
  using _ = collector;
  add(9);
  await stop(graceMs);
  expect(collector.spans().map(({ name }) => name)).toEqual([..."012345678"]);
  add(1);
  await stop(graceMs);
  expect(collector.spans()).toHaveLength(9);
});

test("spans beyond the bound are dropped", async () => {
  const { collector, add, stop } = await setUp({ queueSize: 5 });
  using _ = collector;
  add(50);
  await stop(graceMs);
  expect(collector.spans().length).toBeLessThanOrEqual(10);
});

test("a batch that is refused for now is sent again, one refused for good is not", async () => {
  const { collector, add, stop, log } = await setUp({ batchSize: 1, delayMs: 1 });
  using _ = collector;
  collector.refuse = status.INVALID_ARGUMENT;
  add(1);
  await until("the warning", () => log.entries.some(({ level }) => level === "warn"));
  expect(collector.refusals).toBe(1);
  collector.refuse = status.UNAVAILABLE;
  add(1);
  await until("another refusal", () => collector.refusals === 2);
  collector.refuse = undefined;
  await until("the second span", () => collector.spans().length === 1);
  expect(collector.spans()[0]?.name).toBe("1");
  await until("the line that it works again", () =>
    log.entries.some(({ message }) => message.endsWith("again")),
  );
  await stop(graceMs);
});

const span: FinishedSpan = {
  context: {
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    sampled: true,
    state: "vendor=1",
  },
  parent: { spanId: "00f067aa0ba902b7", remote: true },
  name: "resolveBoolean",
  scope: "flagd.evaluation.v1",
  kind: "server",
  start: 1_700_000_000_000.25,
  end: 1_700_000_000_001.5,
  attributes: { text: "long enough", half: "a\ud800", count: 3, ratio: 0.5, yes: true },
  events: [{ name: "exception", time: 1_700_000_000_001, attributes: { message: "gone" } }],
  error: "failed",
};

/** What a collector reads of it. */
function sent(part: Partial<FinishedSpan>, maxLength?: number) {
  const readable = readableSpan({ ...span, ...part }, emptyResource(), maxLength);
  const bytes = tracesSignal.protobuf.serializeRequest([readable]) ?? new Uint8Array();
  const request = fromBinary(ExportTraceServiceRequestSchema, bytes);
  const [scopeSpans] = request.resourceSpans[0]?.scopeSpans ?? [];
  const [first] = scopeSpans?.spans ?? [];
  if (!first) throw new Error("nothing was sent");
  return { scope: scopeSpans?.scope?.name, ...first };
}

test("a span has its ids, times, attributes, events and error in OTLP", () => {
  const read = sent({});
  expect(Buffer.from(read.traceId).toString("hex")).toBe(span.context.traceId);
  expect(Buffer.from(read.spanId).toString("hex")).toBe(span.context.spanId);
  expect(Buffer.from(read.parentSpanId).toString("hex")).toBe("00f067aa0ba902b7");
  expect(read).toMatchObject({
    scope: "flagd.evaluation.v1",
    name: "resolveBoolean",
    kind: 2,
    traceState: "vendor=1",
    startTimeUnixNano: 1_700_000_000_000_250_000n,
    endTimeUnixNano: 1_700_000_000_001_500_000n,
    status: { code: 2, message: "failed" },
    events: [{ name: "exception", timeUnixNano: 1_700_000_000_001_000_000n }],
  });
  expect(plain(read.attributes)).toEqual({
    text: "long enough",
    half: "a\ufffd",
    count: 3n,
    ratio: 0.5,
    yes: true,
  });
  expect(plain(read.events[0]?.attributes ?? [])).toEqual({ message: "gone" });
});

test("a span that did not fail and begins a trace has neither error nor parent", () => {
  const read = sent({ error: undefined, parent: undefined });
  expect(read.status?.code).toBe(0);
  expect(read.parentSpanId).toHaveLength(0);
});

test("values over the limit are cut", () => {
  expect(plain(sent({}, 4).attributes)).toMatchObject({ text: "long" });
});
