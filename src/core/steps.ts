import { turns } from "./turns.ts";

/** Work that may be interrupted wherever it yields, so that large documents do not hold up requests. */
export type Steps<Result> = Generator<void, Result, void>;

/** Does it all without interruption. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/**
 * Does it in turns of the event loop, beginning with this one.
 * @param unwanted asked before each step; when it is true no more is done and the promise is rejected
 */
export function inSlices<Result>(
  steps: Steps<Result>,
  unwanted: () => boolean = () => false,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    turns.start((turn) => {
      try {
        while (!unwanted()) {
          const { done, value } = steps.next();
          if (done) {
            resolve(value);
            return false;
          }
          if (turn.over) return true;
        }
        throw new Error("the result is wanted no more");
      } catch (error) {
        reject(error);
      }
      return false;
    });
  });
}
