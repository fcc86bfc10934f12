import { describe, expect, test } from "bun:test";
import { inSlices, type Steps } from "../../../src/core/steps.ts";
import { turnMs } from "../../../src/core/turns.ts";

/** Steps that each take a whole turn. */
function* longSteps(count: number, log: number[]): Steps<string> {
  for (let n = 1; n <= count; n++) {
    log.push(n);
    const end = performance.now() + turnMs;
    while (performance.now() < end);
    yield;
  }
  return "done";
}

describe("work in slices", () => {
  test("lets others go on between its steps, and gives its result", async () => {
    const log: number[] = [];
    const result = inSlices(longSteps(4, log));
    expect(log).toEqual([1]);
    expect(await result).toBe("done");
    expect(log).toEqual([1, 2, 3, 4]);
  });

  test("fails as its steps do", async () => {
    const error = new Error("of a step");
    const failing = (function* (): Steps<void> {
      yield;
      throw error;
    })();
    expect(await inSlices(failing).catch((thrown) => thrown)).toBe(error);
  });

  test("ends when nobody wants the result any more", async () => {
    const log: number[] = [];
    let unwanted = false;
    const result = inSlices(longSteps(100, log), () => unwanted).catch(({ message }) => message);
    unwanted = true;
    expect(await result).toBe("the result is wanted no more");
    expect(log).toEqual([1]);
  });
});
