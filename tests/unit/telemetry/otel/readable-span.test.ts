import { expect, test } from "bun:test";
import { fromBinary } from "@bufbuild/protobuf";
import { emptyResource } from "@opentelemetry/resources";
import { readableSpan } from "../../../../src/telemetry/otel/readable-span.ts";
import { tracesSignal } from "../../../../src/telemetry/otel/signal.ts";
import type { FinishedSpan } from "../../../../src/telemetry/tracing/tracer.ts";
import { plain } from "../../../support/collector.ts";
import { ExportTraceServiceRequestSchema } from "../../../support/otlp/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";

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
