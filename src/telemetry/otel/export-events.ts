import { ROOT_CONTEXT, TraceFlags, trace } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import { hrTimeToMilliseconds } from "@opentelemetry/core";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchLogRecordProcessor,
  LoggerProvider,
  type LogRecordExporter,
  type ReadableLogRecord,
} from "@opentelemetry/sdk-logs";
import type { Log } from "../../core/log.ts";
import type { Destination, EventExportSettings } from "../../core/otel-settings.ts";
import type { SpanContext } from "../tracing/trace-context.ts";
import { CollectorExporter, logsSignal } from "./collector-exporter.ts";
import { ConsoleExporter } from "./console-exporter.ts";
import { batching, Delivery, logDiagnostics, shutDown } from "./delivery.ts";

export interface EventExportOptions extends EventExportSettings {
  /** Attributes of the resource. */
  readonly resource: Readonly<Record<string, string>>;
  readonly log: Log;
}

/**
 * Sends events as OpenTelemetry's log records, in batches.
 * @throws Error naming a TLS file that cannot be used
 */
export function startEventExport(options: EventExportOptions): {
  /** @param parent the span that it happened in */
  emit(
    name: string,
    attributes: Readonly<Record<string, string | number | boolean>>,
    parent: SpanContext | undefined,
  ): void;
  /** Sends what waits, for up to `graceMs`. */
  stop(graceMs: number): Promise<void>;
} {
  const { log } = options;
  logDiagnostics(log);
  const outlets = options.to.map((destination) => {
    const delivery = new Delivery("events", destination, log);
    const processor = new BatchLogRecordProcessor({
      exporter: eventExporter(destination, delivery),
      ...batching(options),
    });
    return { delivery, sender: processor };
  });
  const provider = new LoggerProvider({
    resource: resourceFromAttributes(options.resource),
    processors: outlets.map(({ sender }) => sender),
  });
  const logger = provider.getLogger("flagd");
  return {
    emit(eventName, attributes, parent) {
      logger.emit({
        eventName,
        attributes: { ...attributes },
        severityNumber: SeverityNumber.INFO,
        timestamp: Date.now(),
        ...(parent && { context: contextOf(parent) }),
      });
    },
    async stop(graceMs) {
      await shutDown(outlets, graceMs);
    },
  };
}

function contextOf({ traceId, spanId, sampled }: SpanContext) {
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags });
}

function eventExporter(destination: Destination, delivery: Delivery): LogRecordExporter {
  if (destination === "console") return new ConsoleExporter(eventLines, delivery);
  return new CollectorExporter(logsSignal, destination, delivery);
}

/** A line for each event. */
function eventLines(records: readonly ReadableLogRecord[]): readonly object[] {
  return records.map(({ hrTime, eventName, attributes, spanContext }) => ({
    time: new Date(hrTimeToMilliseconds(hrTime)).toISOString(),
    event: eventName,
    ...(spanContext && { traceId: spanContext.traceId, spanId: spanContext.spanId }),
    attributes,
  }));
}
