import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from "@opentelemetry/sdk-trace";
import type { Log } from "../../core/log.ts";
import type { Destination, SpanExportSettings } from "../../core/otel-settings.ts";
import { within } from "../../core/within.ts";
import { Tracer } from "../tracing/tracer.ts";
import { CollectorExporter } from "./collector-exporter.ts";
import { ConsoleExporter, spanLines } from "./console-exporter.ts";
import { Delivery, lastTryMs } from "./delivery.ts";
import { logDiagnostics } from "./diagnostics.ts";
import { readableSpan } from "./readable-span.ts";
import { tracesSignal } from "./signal.ts";

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
      scheduledDelayMillis: options.delayMs,
      maxQueueSize: options.queueSize,
      maxExportBatchSize: Math.min(options.batchSize, options.queueSize),
      exportTimeoutMillis: options.timeoutMs,
    });
    return { delivery, processor };
  });
  const tracer = new Tracer(sampler, (span) => {
    const readable = readableSpan(span, resource, maxAttributeLength);
    for (const { processor } of outlets) processor.onEnd(readable);
  });
  return {
    tracer,
    async stop(graceMs) {
      await Promise.allSettled(
        outlets.map(({ delivery, processor }) =>
          within(processor.shutdown(), lastTryMs(delivery, graceMs)),
        ),
      );
    },
  };
}

function spanExporter(destination: Destination, delivery: Delivery): SpanExporter {
  if (destination === "console") return new ConsoleExporter<ReadableSpan[]>(spanLines, delivery);
  return new CollectorExporter(tracesSignal, destination, delivery);
}
