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
