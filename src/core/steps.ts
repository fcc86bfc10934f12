/** Work that may be interrupted wherever it yields, so that large documents do not hold up requests. */
export type Steps<Result> = Generator<void, Result, void>;

/** Does it all without interruption. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Milliseconds that requests may have to wait. */
const sliceMs = 1;

/** Does it in slices of a millisecond, with other work between them. */
export async function inSlices<Result>(steps: Steps<Result>): Promise<Result> {
  for (;;) {
    for (const end = performance.now() + sliceMs; performance.now() < end; ) {
      const { done, value } = steps.next();
      if (done) return value;
    }
    await new Promise(setImmediate);
  }
}
