import {
  createTraceState,
  type SpanContext as OtelSpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
} from "@opentelemetry/api";
import { hrTimeDuration, millisToHrTime } from "@opentelemetry/core";
import type { Resource } from "@opentelemetry/resources";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { FinishedSpan } from "../tracing/tracer.ts";

const kinds = { server: SpanKind.SERVER, internal: SpanKind.INTERNAL };

/**
 * A span of ours in the form that OpenTelemetry's exporters take.
 * @param maxLength characters; longer values of attributes are cut
 */
export function readableSpan(
  span: FinishedSpan,
  resource: Resource,
  maxLength = Number.POSITIVE_INFINITY,
): ReadableSpan {
  const { context, parent, error } = span;
  const { traceId, spanId, state } = context;
  const startTime = millisToHrTime(span.start);
  const endTime = millisToHrTime(span.end);
  const own: OtelSpanContext = {
    traceId,
    spanId,
    traceFlags: TraceFlags.SAMPLED,
    ...(state && { traceState: createTraceState(state) }),
  };
  return {
    name: span.name.toWellFormed(),
    kind: kinds[span.kind],
    spanContext: () => own,
    ...(parent && {
      parentSpanContext: {
        traceId,
        spanId: parent.spanId,
        traceFlags: TraceFlags.SAMPLED,
        isRemote: parent.remote,
      },
    }),
    startTime,
    endTime,
    duration: hrTimeDuration(startTime, endTime),
    ended: true,
    status:
      error === undefined
        ? { code: SpanStatusCode.UNSET }
        : { code: SpanStatusCode.ERROR, message: error.toWellFormed() },
    attributes: wellFormed(span.attributes, maxLength),
    links: [],
    events: span.events.map(({ name, time, attributes }) => ({
      name,
      time: millisToHrTime(time),
      attributes: wellFormed(attributes, maxLength),
    })),
    resource,
    instrumentationScope: { name: span.scope },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** Half a surrogate pair cannot be written as UTF-8, and clients choose some of the values. */
function wellFormed(
  attributes: FinishedSpan["attributes"],
  maxLength: number,
): FinishedSpan["attributes"] {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === "string" ? value.slice(0, maxLength).toWellFormed() : value,
    ]),
  );
}
