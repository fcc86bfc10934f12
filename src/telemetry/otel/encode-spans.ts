import { create } from "@bufbuild/protobuf";
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from "../../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import {
  ResourceSpansSchema,
  ScopeSpansSchema,
  Span_EventSchema,
  Span_SpanKind,
  SpanSchema,
  Status_StatusCode,
  StatusSchema,
} from "../../gen/opentelemetry/proto/trace/v1/trace_pb.ts";
import type { FinishedSpan } from "../tracing/tracer.ts";
import { keyValues, nanoseconds, resource, scope } from "./encode.ts";

const kinds = { server: Span_SpanKind.SERVER, internal: Span_SpanKind.INTERNAL };
const sampledFlag = 1;

/** @param attributes of the resource */
export function encodeSpans(
  attributes: Readonly<Record<string, string>>,
  spans: readonly FinishedSpan[],
): ExportTraceServiceRequest {
  const scopeSpans = [...Map.groupBy(spans, (span) => span.scope)].map(([name, ofScope]) =>
    create(ScopeSpansSchema, { scope: scope(name), spans: ofScope.map(encodeSpan) }),
  );
  return create(ExportTraceServiceRequestSchema, {
    resourceSpans: [create(ResourceSpansSchema, { resource: resource(attributes), scopeSpans })],
  });
}

function encodeSpan({ context, parentSpanId, error, ...span }: FinishedSpan) {
  return create(SpanSchema, {
    traceId: bytes(context.traceId),
    spanId: bytes(context.spanId),
    parentSpanId: bytes(parentSpanId ?? ""),
    traceState: context.state,
    flags: sampledFlag,
    name: span.name.toWellFormed(),
    kind: kinds[span.kind],
    startTimeUnixNano: nanoseconds(span.start),
    endTimeUnixNano: nanoseconds(span.end),
    attributes: keyValues(span.attributes),
    events: span.events.map(({ name, time, attributes }) =>
      create(Span_EventSchema, {
        name,
        timeUnixNano: nanoseconds(time),
        attributes: keyValues(attributes),
      }),
    ),
    ...(error !== undefined && {
      status: create(StatusSchema, {
        code: Status_StatusCode.ERROR,
        message: error.toWellFormed(),
      }),
    }),
  });
}

function bytes(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(hex);
}
