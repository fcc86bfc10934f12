import { quote } from "../../core/message-text.ts";
import type {
  Destination,
  EventExportSettings,
  MetricExportSettings,
  SamplerSettings,
  SpanExportSettings,
} from "../../core/otel-settings.ts";
import type { Environment } from "../../core/process-info.ts";
import {
  type CollectorOptions,
  collectorFor,
  namesCollector,
  OtelVariables,
  type Signal,
} from "./collector.ts";

/** What is sent where. A signal that is absent costs nothing. */
export interface OtelConfig {
  /** `served`: at /metrics, as if nothing were sent. */
  readonly metrics?: MetricExportSettings & { readonly served: boolean };
  readonly traces?: SpanExportSettings;
  /** Evaluations. */
  readonly events?: EventExportSettings;
}

export interface OtelOptions extends CollectorOptions {
  readonly metricsExporter: "prometheus" | "otel";
  /** The part of the evaluations that is sent as events, 0 to 1. */
  readonly evaluationRatio?: number;
}

/**
 * From options and OpenTelemetry's own variables, which win over options; with what was ignored of them.
 * @throws ConfigError naming what cannot be used
 */
export function readOtelConfig(
  options: OtelOptions,
  environment: Environment,
): OtelConfig & { readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  const variables = new OtelVariables(environment, (message) => warnings.push(message));
  if (variables.text("OTEL_SDK_DISABLED")?.toLowerCase() === "true") return { warnings };

  const named = (signal: Signal) => namesCollector(signal, options, variables);
  if (options.metricsExporter === "otel" && !named("metrics")) {
    warnings.push(
      `--metrics-exporter otel has no effect without --otel-collector-uri: metrics are only served at /metrics`,
    );
  }
  const metrics = exporters("metrics", {
    fallback: options.metricsExporter === "otel" && named("metrics") ? "otlp" : "prometheus",
    options,
    variables,
  });
  const traces = exporters("traces", {
    fallback: named("traces") ? "otlp" : "none",
    options,
    variables,
  });
  const ratio = options.evaluationRatio ?? 0;
  const events = ratio > 0 ? eventExporters(options, variables) : [];
  warnOfWhatIsNotThere(variables, ratio > 0);
  const count = (name: string, max: number) => variables.number(name, 1, max);
  return {
    ...(metrics.to.length > 0 && {
      metrics: {
        ...metrics,
        intervalMs: count("OTEL_METRIC_EXPORT_INTERVAL", 86_400_000) ?? 60_000,
        timeoutMs: count("OTEL_METRIC_EXPORT_TIMEOUT", 86_400_000) ?? 30_000,
        temporality:
          variables.word("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", temporalities) ??
          "cumulative",
      },
    }),
    ...(traces.to.length > 0 && {
      traces: {
        to: traces.to,
        sampler: sampler(variables),
        delayMs: count("OTEL_BSP_SCHEDULE_DELAY", 3_600_000) ?? 5_000,
        queueSize: count("OTEL_BSP_MAX_QUEUE_SIZE", 1_000_000) ?? 2_048,
        batchSize: count("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 100_000) ?? 512,
        timeoutMs: count("OTEL_BSP_EXPORT_TIMEOUT", 3_600_000) ?? 30_000,
        maxAttributeLength:
          count("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", 1_000_000) ??
          count("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", 1_000_000) ??
          Number.POSITIVE_INFINITY,
      },
    }),
    ...(events.length > 0 && {
      events: {
        to: events,
        ratio,
        delayMs: count("OTEL_BLRP_SCHEDULE_DELAY", 3_600_000) ?? 1_000,
        queueSize: count("OTEL_BLRP_MAX_QUEUE_SIZE", 1_000_000) ?? 2_048,
        batchSize: count("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", 100_000) ?? 512,
        timeoutMs: count("OTEL_BLRP_EXPORT_TIMEOUT", 3_600_000) ?? 30_000,
      },
    }),
    warnings,
  };
}

/** Events are OpenTelemetry's logs, and go where these go. */
function eventExporters(options: OtelOptions, variables: OtelVariables): readonly Destination[] {
  const fallback = namesCollector("logs", options, variables) ? "otlp" : "none";
  const { to } = exporters("logs", { fallback, options, variables });
  if (to.length === 0) {
    variables.warn(
      "--otel-evaluation-ratio has no effect without --otel-collector-uri or OTEL_LOGS_EXPORTER: no evaluations are sent",
    );
  }
  return to;
}

const temporalities = ["cumulative", "delta", "lowmemory"] as const;

/** Where a signal goes: `OTEL_TRACES_EXPORTER=otlp,console`, or else `fallback`. */
function exporters(
  signal: Signal,
  parts: {
    readonly fallback: string;
    readonly options: CollectorOptions;
    readonly variables: OtelVariables;
  },
): { readonly to: readonly Destination[]; readonly served: boolean } {
  const { fallback, options, variables } = parts;
  const variable = `OTEL_${signal.toUpperCase()}_EXPORTER`;
  const names = new Set(
    (variables.text(variable)?.toLowerCase() ?? fallback).split(",").map((name) => name.trim()),
  );
  const to: Destination[] = [];
  for (const name of names) {
    if (name === "otlp") to.push(collectorFor(signal, options, variables));
    else if (name === "console") to.push("console");
    else if (name !== "none" && !(name === "prometheus" && signal === "metrics")) {
      variables.warn(
        `${variable}: unknown exporter ${quote(name)}, ${signal} are not exported there`,
      );
    }
  }
  return { to, served: signal === "metrics" && names.has("prometheus") };
}

/** OpenTelemetry's variables for what flagd does not have. */
function warnOfWhatIsNotThere(variables: OtelVariables, sendsEvents: boolean): void {
  const logs = variables.text("OTEL_LOGS_EXPORTER")?.toLowerCase() ?? "none";
  if (logs !== "none" && !sendsEvents) {
    variables.warn(
      `OTEL_LOGS_EXPORTER=${quote(logs)} has no effect: the log goes to standard error only, with --log-format json as one JSON object a line`,
    );
  }
  variables.word("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", [
    "explicit_bucket_histogram",
  ]);
  const propagators = variables.text("OTEL_PROPAGATORS")?.toLowerCase() ?? "tracecontext";
  if (!propagators.split(",").some((name) => name.trim() === "tracecontext")) {
    variables.warn(
      `OTEL_PROPAGATORS=${quote(propagators)} has no effect: callers' traces are found by traceparent (tracecontext) only`,
    );
  }
}

const samplers = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;

/** Unless the operator says otherwise, everything is sampled, as by every flagd. */
function sampler(variables: OtelVariables): SamplerSettings {
  const name = variables.word("OTEL_TRACES_SAMPLER", samplers) ?? "always_on";
  const parentBased = name.startsWith("parentbased_");
  if (name.endsWith("always_on")) return { parentBased, ratio: 1 };
  if (name.endsWith("always_off")) return { parentBased, ratio: 0 };
  return { parentBased, ratio: variables.number("OTEL_TRACES_SAMPLER_ARG", 0, 1) ?? 1 };
}
