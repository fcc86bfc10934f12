import type { SpanContext } from "./trace-context.ts";

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A span that is over, ready to be exported. */
export interface FinishedSpan {
  readonly context: SpanContext;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  /** The instrumentation scope. */
  readonly scope: string;
  readonly kind: "server" | "internal";
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
  readonly attributes: SpanAttributes;
  readonly events: readonly SpanEvent[];
  /** What the span failed at; undefined: it did not. */
  readonly error: string | undefined;
}

/** Something that happened within a span. */
export interface SpanEvent {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly attributes: SpanAttributes;
}

export interface SamplerConfig {
  /** Do what the caller decided, where it decided. */
  readonly parentBased: boolean;
  /** The part of other traces that is sampled, 0 to 1. */
  readonly ratio: number;
}

type Start = Pick<FinishedSpan, "name" | "scope" | "kind">;

/** A span that is not over yet. */
export interface Span {
  readonly context: SpanContext;
  /** Something that happens now. */
  event(name: string, attributes: SpanAttributes): void;
  /**
   * To be called once.
   * @param error what the span failed at
   */
  end(attributes: SpanAttributes, error?: string): void;
}

/** Makes spans; what is sampled goes to `finished` when it is over. */
export class Tracer {
  readonly #sampler: SamplerConfig;
  readonly #finished: (span: FinishedSpan) => void;

  constructor(sampler: SamplerConfig, finished: (span: FinishedSpan) => void) {
    this.#sampler = sampler;
    this.#finished = finished;
  }

  /** A span whose parent, where it has one, is in another process. */
  enter(start: Start, caller: SpanContext | undefined): Span {
    const traceId = caller?.traceId ?? randomHex(16);
    const decided = this.#sampler.parentBased ? caller?.sampled : undefined;
    const sampled = decided ?? isChosen(traceId, this.#sampler.ratio);
    return this.#span(start, caller, { traceId, sampled, state: caller?.state ?? "" });
  }

  /** A span within another one of this process. */
  within(start: Start, parent: SpanContext): Span {
    return this.#span(start, parent, parent);
  }

  #span(
    { name, scope, kind }: Start,
    parent: SpanContext | undefined,
    trace: Pick<SpanContext, "traceId" | "sampled" | "state">,
  ): Span {
    const { traceId, sampled, state } = trace;
    const context = { traceId, spanId: randomHex(8), sampled, state };
    const start = now();
    const events: SpanEvent[] = [];
    return {
      context,
      event(event, attributes) {
        if (sampled) events.push({ name: event, time: now(), attributes });
      },
      end: (attributes, error) => {
        if (!sampled) return;
        const ids = { context, parentSpanId: parent?.spanId };
        const span = { ...ids, name, scope, kind, start, end: now(), attributes, events, error };
        this.#finished(span);
      },
    };
  }
}

/** Milliseconds since 1970, finer than `Date.now`. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

function randomHex(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
}

/** By the end of the id, which is random, so that all parts of one trace are chosen alike. */
function isChosen(traceId: string, ratio: number): boolean {
  return Number.parseInt(traceId.slice(-13), 16) / 2 ** 52 < ratio;
}
