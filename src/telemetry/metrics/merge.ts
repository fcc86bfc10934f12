import type { Collection, Metric, ScopeMetrics } from "./registry.ts";
import type { Attributes } from "./series.ts";

/**
 * The metrics of several threads as those of one process: what counts is added up, series by series;
 * a gauge is taken from the first collection that has it. The first collection's resource stands.
 */
export function merge(first: Collection, others: readonly Collection[]): Collection {
  if (others.length === 0) return first;
  const scopes = new Map<string, Map<string, Metric>>();
  for (const { scopes: each } of [first, ...others]) {
    for (const scope of each) addScope(scopes, scope);
  }
  return {
    resource: first.resource,
    scopes: [...scopes].map(([name, metrics]) => ({ name, metrics: [...metrics.values()] })),
  };
}

function addScope(scopes: Map<string, Map<string, Metric>>, { name, metrics }: ScopeMetrics): void {
  let known = scopes.get(name);
  if (!known) {
    known = new Map();
    scopes.set(name, known);
  }
  for (const metric of metrics) {
    const before = known.get(metric.definition.name);
    known.set(metric.definition.name, before ? sum(before, metric) : metric);
  }
}

function sum(a: Metric, b: Metric): Metric {
  if (a.kind === "gauge" || a.kind !== b.kind) return a;
  if (a.kind === "histogram" && b.kind === "histogram") {
    const series = bySeries(a.series, b.series, (one, other) => ({
      ...one,
      counts: one.counts.map((count, bucket) => count + (other.counts[bucket] ?? 0)),
      sum: one.sum + other.sum,
      count: one.count + other.count,
    }));
    return { ...a, series };
  }
  if (a.kind === "histogram" || b.kind === "histogram") return a;
  const series = bySeries(a.series, b.series, ({ attributes, value }, other) => ({
    attributes,
    value: value + other.value,
  }));
  return { ...a, series };
}

function bySeries<Series extends { readonly attributes: Attributes }>(
  a: readonly Series[],
  b: readonly Series[],
  add: (one: Series, other: Series) => Series,
): Series[] {
  const sums = new Map(a.map((series) => [JSON.stringify(series.attributes), series]));
  for (const series of b) {
    const key = JSON.stringify(series.attributes);
    const before = sums.get(key);
    sums.set(key, before ? add(before, series) : series);
  }
  return [...sums.values()];
}
