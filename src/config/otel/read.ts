import type { Environment } from "../../core/environment.ts";
import { quote } from "../../core/quote.ts";
import {
  type CollectorConfig,
  type CollectorOptions,
  collectorFor,
  namesCollector,
  type Signal,
} from "./collector.ts";
import { OtelVariables } from "./variables.ts";

/** What is sent where. A signal that is absent costs nothing. */
export interface OtelConfig {
  readonly metrics?: { readonly to: Destination; readonly intervalMs: number };
  readonly traces?: {
    readonly to: Destination;
    readonly sampler: SamplerConfig;
    /** Milliseconds from a span's end to its export, where no batch is full before. */
    readonly delayMs: number;
    readonly queueSize: number;
    readonly batchSize: number;
  };
}

/** `"console"`: lines of JSON on standard output. */
export type Destination = CollectorConfig | "console";

export interface SamplerConfig {
  /** Do what the caller decided, where it decided. */
  readonly parentBased: boolean;
  /** The part of other traces that is sampled, 0 to 1. */
  readonly ratio: number;
}

export interface OtelOptions extends CollectorOptions {
  readonly metricsExporter: "prometheus" | "otel";
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
  const choose = (signal: Signal, otherwise: string): Destination | undefined => {
    const variable = `OTEL_${signal.toUpperCase()}_EXPORTER`;
    const name = variables.text(variable)?.toLowerCase() ?? otherwise;
    if (name === "otlp") return collectorFor(signal, options, variables);
    if (name === "console") return "console";
    if (name !== "none" && !(name === "prometheus" && signal === "metrics")) {
      warnings.push(`${variable}: unknown exporter ${quote(name)}, ${signal} are not exported`);
    }
    return undefined;
  };
  const pushed = options.metricsExporter === "otel" && named("metrics");
  const metrics = choose("metrics", pushed ? "otlp" : "prometheus");
  const traces = choose("traces", named("traces") ? "otlp" : "none");
  const count = (name: string, most: number) => variables.number(name, 1, most);
  return {
    ...(metrics && {
      metrics: {
        to: metrics,
        intervalMs: count("OTEL_METRIC_EXPORT_INTERVAL", 86_400_000) ?? 60_000,
      },
    }),
    ...(traces && {
      traces: {
        to: traces,
        sampler: sampler(variables),
        delayMs: count("OTEL_BSP_SCHEDULE_DELAY", 3_600_000) ?? 5_000,
        queueSize: count("OTEL_BSP_MAX_QUEUE_SIZE", 1_000_000) ?? 2_048,
        batchSize: count("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 100_000) ?? 512,
      },
    }),
    warnings,
  };
}

const samplers = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;

/** Without a word of the operator everything is sampled, as by every flagd. */
function sampler(variables: OtelVariables): SamplerConfig {
  const name = variables.word("OTEL_TRACES_SAMPLER", samplers) ?? "always_on";
  const parentBased = name.startsWith("parentbased_");
  if (name.endsWith("always_on")) return { parentBased, ratio: 1 };
  if (name.endsWith("always_off")) return { parentBased, ratio: 0 };
  return { parentBased, ratio: variables.number("OTEL_TRACES_SAMPLER_ARG", 0, 1) ?? 1 };
}
