import type { Attributes, Definition, HistogramData, Kind } from "./instrument.ts";
import type { Collection, Metric } from "./registry.ts";

/** The media type of {@link exposition}. */
export const expositionType = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

const units: Readonly<Record<string, string>> = { s: "seconds", ms: "milliseconds", By: "bytes" };

const types: Readonly<Record<Kind, string>> = {
  counter: "counter",
  upDownCounter: "gauge",
  gauge: "gauge",
  histogram: "histogram",
};

/**
 * Metrics in Prometheus' text exposition format 0.0.4, families in order of their names. Names, the
 * labels of the scope and `target_info` follow OpenTelemetry's "Prometheus and OpenMetrics Compatibility".
 */
export function exposition({ resource, scopes }: Collection): string {
  const families = new Map<string, { head: string; lines: string[] }>();
  for (const { name: scope, metrics } of scopes) {
    for (const metric of metrics) {
      const name = prometheusName(metric.definition, metric.kind);
      let family = families.get(name);
      if (!family) {
        family = { head: head(name, metric.definition.description, types[metric.kind]), lines: [] };
        families.set(name, family);
      }
      writeSeries(family.lines, name, metric, scope);
    }
  }
  const info = `target_info${braced(labels(resource))} 1\n`;
  families.set("target_info", {
    head: head("target_info", "Target metadata", "gauge"),
    lines: [info],
  });
  return [...families.keys()]
    .sort()
    .map((name) => `${families.get(name)?.head}${families.get(name)?.lines.join("")}`)
    .join("");
}

/** `http.server.request.duration` in `s` → `http_server_request_duration_seconds`. */
export function prometheusName(definition: Definition, kind: Kind): string {
  if (definition.prometheusName) return definition.prometheusName;
  const unit = units[definition.unit ?? ""];
  const name = underscored(definition.name);
  const withUnit = unit && !name.endsWith(`_${unit}`) ? `${name}_${unit}` : name;
  return kind === "counter" ? `${withUnit}_total` : withUnit;
}

function head(name: string, description: string, type: string): string {
  const help = description.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function writeSeries(lines: string[], name: string, metric: Metric, scope: string): void {
  if (metric.kind === "histogram") {
    for (const series of metric.series) writeHistogram(lines, name, series, scope);
    return;
  }
  for (const series of metric.series) {
    lines.push(`${name}${braced(labelsOf(series, scope))} ${numeral(series.value)}\n`);
  }
}

function writeHistogram(lines: string[], name: string, series: HistogramData, scope: string): void {
  const text = labelsOf(series, scope);
  const prefix = text ? `${text},` : "";
  let cumulative = 0;
  for (const [bucket, count] of series.counts.entries()) {
    cumulative += count;
    const bound = boundary(series.bounds[bucket] ?? Number.POSITIVE_INFINITY);
    lines.push(`${name}_bucket{${prefix}le="${bound}"} ${cumulative}\n`);
  }
  lines.push(`${name}_sum${braced(text)} ${numeral(series.sum)}\n`);
  lines.push(`${name}_count${braced(text)} ${series.count}\n`);
}

/** By series, each of which belongs to one scope: thousands of them would take long at each collection. */
const labelTexts = new WeakMap<object, string>();

function labelsOf(series: { readonly attributes: Attributes }, scope: string): string {
  let text = labelTexts.get(series);
  if (text === undefined) {
    text = labels(scoped(series.attributes, scope));
    labelTexts.set(series, text);
  }
  return text;
}

function scoped(attributes: Attributes, scope: string): Attributes {
  if (scope === "") return attributes;
  return {
    ...attributes,
    "otel.scope.name": scope,
    "otel.scope.schema_url": "",
    "otel.scope.version": "",
  };
}

function labels(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${underscored(name)}="${escaped(value)}"`)
    .sort()
    .join(",");
}

function braced(text: string): string {
  return text ? `{${text}}` : "";
}

function underscored(name: string): string {
  return name.replace(/^(?=\d)|[^A-Za-z0-9_]/g, "_");
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

/** Part of a series' identity, and therefore written as every flagd writes it: `1e+06`. */
function boundary(value: number): string {
  if (value < 1e6 || !Number.isFinite(value)) return numeral(value);
  return value.toExponential().replace(/\+(?=\d$)/, "+0");
}

function numeral(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}
