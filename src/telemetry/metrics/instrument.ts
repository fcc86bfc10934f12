/** What a metric is called and what it means. */
export interface Definition {
  /** OpenTelemetry's name: `http.server.request.duration`. */
  readonly name: string;
  readonly description: string;
  /** UCUM: `s`, `ms`, `By`; `{flag}` and the like count things. Default: none. */
  readonly unit?: string;
  /** Where Prometheus' name does not follow from OpenTelemetry's. */
  readonly prometheusName?: string;
}

/** An `upDownCounter` is a sum that also falls, a `gauge` a value that cannot be added up. */
export type Kind = "counter" | "upDownCounter" | "gauge" | "histogram";

/** One measurement of an instrument that is read instead of written. */
export interface Observation {
  readonly value: number;
  readonly attributes: Attributes;
}

const maxValueLength = 256;
const overflow: Attributes = { "otel.metric.overflow": "true" };

/**
 * All series of one metric. No more than `limit` of them: attributes that come late are counted together
 * under `otel.metric.overflow` (OpenTelemetry metrics SDK, "Overflow attribute").
 */
export class Instrument<Series extends NumberSeries | HistogramSeries> {
  readonly #series = new Map<string, Series>();
  #overflow: Series | undefined;

  constructor(
    readonly definition: Definition,
    readonly kind: Kind,
    private readonly limit: number,
    private readonly create: (attributes: Attributes) => Series,
  ) {}

  /** The series of `attributes`, to keep and to count on. Values over 256 characters are cut. */
  series(attributes: Attributes = {}): Series {
    const entries = Object.entries(attributes)
      .map(([name, value]) => [name, value.slice(0, maxValueLength).toWellFormed()] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify(entries);
    const known = this.#series.get(key);
    if (known) return known;
    if (this.#series.size >= this.limit - 1) {
      this.#overflow ??= this.create(overflow);
      return this.#overflow;
    }
    const made = this.create(Object.fromEntries(entries));
    this.#series.set(key, made);
    return made;
  }

  read(): readonly Series[] {
    const all = [...this.#series.values()];
    if (this.#overflow) all.push(this.#overflow);
    return all;
  }
}

export type Counter = Instrument<NumberSeries>;
export type Histogram = Instrument<HistogramSeries>;

/** An instrument that counts. */
export function numbers(definition: Definition, kind: Kind, limit: number): Counter {
  return new Instrument(definition, kind, limit, (attributes) => new NumberSeries(attributes));
}

/** @param bounds as in {@link HistogramSeries} */
export function histogram(
  definition: Definition,
  bounds: readonly number[],
  limit: number,
): Histogram {
  return new Instrument(
    definition,
    "histogram",
    limit,
    (attributes) => new HistogramSeries(attributes, bounds),
  );
}

/** What tells the series of one instrument apart, in OpenTelemetry's names (`rpc.method`). */
export type Attributes = Readonly<Record<string, string>>;

/** One series of a counter or gauge. Callers keep it and count with `series.value++`. */
export class NumberSeries {
  value = 0;
  constructor(readonly attributes: Attributes) {}
}

/** What one series of a histogram has counted. */
export interface HistogramData {
  readonly attributes: Attributes;
  /** Upper bounds, inclusive, ascending. */
  readonly bounds: readonly number[];
  /** Observations per bucket, not cumulative; one more than there are bounds, for what is above all. */
  readonly counts: readonly number[];
  readonly sum: number;
  readonly count: number;
}

/** One series of a histogram. */
export class HistogramSeries {
  /** Observations per bucket, not cumulative; one more than there are bounds, for what is above all. */
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(
    readonly attributes: Attributes,
    /** Upper bounds, inclusive, ascending. */
    readonly bounds: readonly number[],
  ) {
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket++;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    this.sum += value;
    this.count++;
  }
}
