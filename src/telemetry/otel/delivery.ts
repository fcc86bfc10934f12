import { DiagLogLevel, diag } from "@opentelemetry/api";
import { setGlobalErrorHandler } from "@opentelemetry/core";
import { OTLPExporterError } from "@opentelemetry/otlp-exporter-base";
import { within } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { BatchSettings, Destination } from "../../core/otel-settings.ts";
import { onceAMinute } from "../log/once-a-minute.ts";

/**
 * Tells the operator when exports begin to fail and when they work again, not of each failure: a
 * collector may be away for days.
 */
export class Delivery {
  readonly #log: Log;
  readonly #what: string;
  readonly #where: string;
  #failures = 0;

  constructor(what: "metrics" | "traces" | "events", destination: Destination, log: Log) {
    this.#what = what;
    this.#where = destination === "console" ? "standard output" : new URL(destination.url).host;
    this.#log = log;
  }

  /** Whether the last export failed. */
  get failing(): boolean {
    return this.#failures > 0;
  }

  succeeded(): void {
    if (this.#failures > 0) {
      this.#log.info(`exporting ${this.#what} to ${this.#where} again`, {
        failures: this.#failures,
      });
    }
    this.#failures = 0;
  }

  failed(error: unknown): void {
    const level = this.#failures++ === 0 ? "warn" : "debug";
    this.#log[level](`cannot export ${this.#what} to ${this.#where}`, { reason: reasonOf(error) });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof OTLPExporterError)) return error.message;
  // Its message is the collector's phrase for the status, which HTTP/2 does not have.
  if (error.code !== undefined) return `the collector responded with ${error.code}`;
  return "the collector responded with 429, 502, 503 or 504, which is to say later";
}

/** A place that data is sent to, and OpenTelemetry's sender for it. */
export interface Outlet {
  readonly delivery: Delivery;
  readonly sender: { shutdown(): Promise<void> };
}

/** Sends what waits, for up to `graceMs`. A collector that was away a moment ago does not hold up the end. */
export async function shutDown(outlets: readonly Outlet[], graceMs: number): Promise<void> {
  await Promise.allSettled(
    outlets.map(({ delivery, sender }) =>
      within(sender.shutdown(), delivery.failing ? Math.min(graceMs, 500) : graceMs),
    ),
  );
}

/** What OpenTelemetry's batch processors are told, of spans and of events alike. */
export function batching({ delayMs, queueSize, batchSize, timeoutMs }: BatchSettings) {
  return {
    scheduledDelayMillis: delayMs,
    maxQueueSize: queueSize,
    maxExportBatchSize: Math.min(batchSize, queueSize),
    exportTimeoutMillis: timeoutMs,
  };
}

/**
 * What OpenTelemetry's libraries have to say goes to our log, each message once in a minute: a batch
 * that a collector kept only in part, spans dropped from a full queue.
 */
export function logDiagnostics(log: Log): void {
  const allow = onceAMinute();
  const tell =
    (level: "debug" | "warn") =>
    (message: string, ...more: unknown[]) => {
      const text = [message, ...more.map(messageOf)].join(" ");
      if (allow(text)) log[level](`OpenTelemetry: ${text}`);
    };
  const quiet = tell("debug");
  const loud = tell("warn");
  diag.setLogger(
    // Errors are failed exports, which `Delivery` reports.
    { error: quiet, warn: loud, info: quiet, debug: quiet, verbose: quiet },
    // `debug` would print everything that is sent.
    {
      logLevel: log.debugging ? DiagLogLevel.INFO : DiagLogLevel.WARN,
      suppressOverrideMessage: true,
    },
  );
  setGlobalErrorHandler((error) => quiet(messageOf(error)));
}
