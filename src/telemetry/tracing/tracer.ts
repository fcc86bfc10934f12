import type { SamplerSettings } from "../../core/otel-settings.ts";
import type { SpanContext } from "./trace-context.ts";

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A span that is over, ready to be exported. */
export interface FinishedSpan {
  readonly context: SpanContext;
  /** `remote`: of another process. Undefined: the span begins a trace. */
  readonly parent: { readonly spanId: string; readonly remote: boolean } | undefined;
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
  readonly #sampler: SamplerSettings;
  readonly #finished: (span: FinishedSpan) => void;

  constructor(sampler: SamplerSettings, finished: (span: FinishedSpan) => void) {
    this.#sampler = sampler;
    this.#finished = finished;
  }

  /** A span whose parent, if it has one, is in another process. */
  enter(start: Start, caller: SpanContext | undefined): Span {
    const traceId = caller?.traceId ?? randomHex(16);
    const decided = this.#sampler.parentBased ? caller?.sampled : undefined;
    const sampled = decided ?? isChosen(traceId, this.#sampler.ratio);
    const parent = caller && { spanId: caller.spanId, remote: true };
    return this.#span(start, parent, { traceId, sampled, state: caller?.state ?? "" });
  }

  /** A span within another one of this process. */
  within(start: Start, parent: SpanContext): Span {
    return this.#span(start, { spanId: parent.spanId, remote: false }, parent);
  }

  #span(
    { name, scope, kind }: Start,
    parent: FinishedSpan["parent"],
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
        const span = {
          context,
          parent,
          name,
          scope,
          kind,
          start,
          end: now(),
          attributes,
          events,
          error,
        };
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
