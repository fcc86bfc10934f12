import {
  createTraceState,
  type SpanContext as OtelSpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
} from "@opentelemetry/api";
import { hrTimeDuration, millisToHrTime } from "@opentelemetry/core";
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from "@opentelemetry/sdk-trace";
import type { Log } from "../../core/log.ts";
import type { Destination, SpanExportSettings } from "../../core/otel-settings.ts";
import { type FinishedSpan, Tracer } from "../tracing/tracer.ts";
import { CollectorExporter, tracesSignal } from "./collector-exporter.ts";
import { ConsoleExporter, spanLines } from "./console-exporter.ts";
import { batching, Delivery, logDiagnostics, shutDown } from "./delivery.ts";

export interface SpanExportOptions extends SpanExportSettings {
  /** Attributes of the resource. */
  readonly resource: Readonly<Record<string, string>>;
  readonly log: Log;
}

/**
 * A tracer whose spans are sent in batches.
 * @throws Error naming a TLS file that cannot be used
 */
export function startSpanExport(options: SpanExportOptions): {
  readonly tracer: Tracer;
  /** Sends what waits, for up to `graceMs`. */
  stop(graceMs: number): Promise<void>;
} {
  const { log, sampler, maxAttributeLength } = options;
  logDiagnostics(log);
  const resource = resourceFromAttributes(options.resource);
  const outlets = options.to.map((destination) => {
    const delivery = new Delivery("traces", destination, log);
    const processor = new BatchSpanProcessor({
      exporter: spanExporter(destination, delivery),
      ...batching(options),
    });
    return { delivery, sender: processor };
  });
  const tracer = new Tracer(sampler, (span) => {
    const readable = readableSpan(span, resource, maxAttributeLength);
    for (const { sender } of outlets) sender.onEnd(readable);
  });
  return {
    tracer,
    async stop(graceMs) {
      await shutDown(outlets, graceMs);
    },
  };
}

function spanExporter(destination: Destination, delivery: Delivery): SpanExporter {
  if (destination === "console") return new ConsoleExporter<ReadableSpan[]>(spanLines, delivery);
  return new CollectorExporter(tracesSignal, destination, delivery);
}

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
