import type { Steps } from "../../src/core/turns.ts";

/** Work that is done already. */
export function stepsTo<Result>(result: Result): () => Steps<Result> {
  // biome-ignore lint/correctness/useYield: there is nothing to be done.
  return function* () {
    return result;
  };
}
