import {
  type Counter,
  type Definition,
  type Histogram,
  histogram,
  type Kind,
  numbers,
  type Observation,
} from "./instrument.ts";
import type { Attributes, HistogramData } from "./series.ts";

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

  collect(): ScopeMetrics {
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
