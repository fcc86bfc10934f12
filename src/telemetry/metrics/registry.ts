import {
  type Attributes,
  type Counter,
  type Definition,
  type Histogram,
  type HistogramData,
  histogram,
  type Kind,
  numbers,
  type Observation,
} from "./instrument.ts";

/** Everything measured so far, for exporters. */
export interface Collection {
  readonly resource: Attributes;
  readonly scopes: readonly ScopeMetrics[];
}

/** The metrics of one instrumentation scope. */
export interface ScopeMetrics {
  /** `""`: facts about the process, which no instrumentation scope measures. */
  readonly name: string;
  readonly metrics: readonly Metric[];
}

/** One metric with at least one series. */
export type Metric =
  | {
      readonly definition: Definition;
      readonly kind: Exclude<Kind, "histogram">;
      readonly series: readonly Observation[];
      /** The instrument is read when metrics are collected, not written. */
      readonly observed?: true;
    }
  | {
      readonly definition: Definition;
      readonly kind: "histogram";
      readonly series: readonly HistogramData[];
      readonly observed?: never;
    };

export interface RegistryOptions {
  /** What is measured: `service.name`, `service.version`, … */
  readonly resource?: Attributes;
  /** Series per instrument, the overflow series among them. Default 2000. */
  readonly seriesLimit?: number;
}

/** Only what is a fact about the process. */
export function processOnly({ resource, scopes }: Collection): Collection {
  return { resource, scopes: scopes.filter(({ name }) => name === "") };
}

/** All metrics of the process. */
export class Registry {
  readonly #resource: Attributes;
  readonly #limit: number;
  readonly #scopes = new Map<string, Scope>();

  constructor(options: RegistryOptions = {}) {
    this.#resource = options.resource ?? {};
    this.#limit = options.seriesLimit ?? 2000;
  }

  /** The instruments of one instrumentation scope. */
  scope(name: string): Scope {
    let scope = this.#scopes.get(name);
    if (!scope) {
      scope = new Scope(name, this.#limit);
      this.#scopes.set(name, scope);
    }
    return scope;
  }

  collect(): Collection {
    return {
      resource: this.#resource,
      scopes: [...this.#scopes.values()].map((scope) => scope.collect()),
    };
  }
}

/** An instrumentation scope: the part of the program that measures. */
export class Scope {
  readonly #read: (() => Metric)[] = [];
  readonly #before: (() => void)[] = [];

  constructor(
    readonly name: string,
    private readonly limit: number,
  ) {}

  counter(definition: Definition): Counter {
    return this.#numbers(definition, "counter");
  }

  upDownCounter(definition: Definition): Counter {
    return this.#numbers(definition, "upDownCounter");
  }

  /** @param bounds upper bounds of the buckets, inclusive, ascending, without infinity. */
  histogram(definition: Definition, bounds: readonly number[]): Histogram {
    const instrument = histogram(definition, bounds, this.limit);
    this.#read.push(() => ({ definition, kind: "histogram", series: instrument.read() }));
    return instrument;
  }

  /** A metric read when metrics are collected. One that throws is left out of that collection. */
  observe(
    definition: Definition,
    kind: Exclude<Kind, "histogram">,
    read: () => readonly Observation[],
  ): void {
    this.#read.push(() => ({ definition, kind, series: attempt(read), observed: true }));
  }

  /** Calls `finish` before metrics are collected, to count what was put off until then. */
  beforeCollect(finish: () => void): void {
    this.#before.push(finish);
  }

  collect(): ScopeMetrics {
    for (const finish of this.#before) finish();
    const metrics = this.#read.map((read) => read()).filter(({ series }) => series.length > 0);
    return { name: this.name, metrics };
  }

  #numbers(definition: Definition, kind: Exclude<Kind, "histogram">): Counter {
    const instrument = numbers(definition, kind, this.limit);
    this.#read.push(() => ({ definition, kind, series: instrument.read() }));
    return instrument;
  }
}

function attempt(read: () => readonly Observation[]): readonly Observation[] {
  try {
    return read();
  } catch {
    return [];
  }
}

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
