import { DiagLogLevel, diag } from "@opentelemetry/api";
import { setGlobalErrorHandler } from "@opentelemetry/core";
import type { Log } from "../../core/log.ts";
import { rateLimit } from "../logging/rate-limit.ts";

/**
 * What OpenTelemetry's libraries have to say goes to our log, each message once in a minute: a batch
 * that a collector kept only in part, spans dropped from a full queue.
 */
export function logDiagnostics(log: Log): void {
  const allow = rateLimit();
  const tell =
    (level: "debug" | "warn") =>
    (message: string, ...more: unknown[]) => {
      const text = [message, ...more.map(textOf)].join(" ");
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
  setGlobalErrorHandler((error) => quiet(textOf(error)));
}

function textOf(value: unknown): string {
  return value instanceof Error ? value.message : String(value);
}
