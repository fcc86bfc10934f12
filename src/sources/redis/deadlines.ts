/** How long a server has for its answers, in milliseconds. */
export interface Deadlines {
  /** For connecting and for all commands but those that fetch a document. */
  readonly answerTimeoutMs: number;
  readonly documentTimeoutMs: number;
}

const usualTimeoutMs = 10_000;
/** Enough for TLS over a long way; more would delay the next attempt of a short interval. */
const leastAnswerTimeoutMs = 3000;

export function deadlinesFor(interval: number, timeoutMs = usualTimeoutMs): Deadlines {
  return {
    answerTimeoutMs: Math.min(timeoutMs, Math.max(interval * 1000, leastAnswerTimeoutMs)),
    documentTimeoutMs: timeoutMs * 3,
  };
}
