/** W3C Trace Context, level 1: https://www.w3.org/TR/trace-context/ */

/** What is known of a span from anywhere. */
export interface SpanContext {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** 16 of them. */
  readonly spanId: string;
  readonly sampled: boolean;
  /** Of other systems, passed on as it is; empty: none. */
  readonly state: string;
}

const pattern = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const zeros = /^0+$/;

/** What the specification lets a `tracestate` be at most. */
const maxStateLength = 512;

/** Undefined: there is none, or it is not valid and therefore to be ignored. */
export function parseTraceparent(
  traceparent: string | null | undefined,
  tracestate?: string | null,
): SpanContext | undefined {
  const [, version, traceId = "", spanId = "", flags = "", more] =
    pattern.exec(traceparent?.trim() ?? "") ?? [];
  // Later versions may add members.
  if (version === undefined || (version === "00" && more !== undefined)) return undefined;
  if (zeros.test(traceId) || zeros.test(spanId)) return undefined;
  const state = tracestate && tracestate.length <= maxStateLength ? tracestate : "";
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1, state };
}

export function formatTraceparent({ traceId, spanId, sampled }: SpanContext): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}
