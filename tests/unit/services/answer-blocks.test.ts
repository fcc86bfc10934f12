import { expect, test } from "bun:test";
import fc from "fast-check";
import { atOnce } from "../../../src/core/turns.ts";
import type { Outcome } from "../../../src/evaluation/outcomes.ts";
import { AnswerBlocks, oneByOne } from "../../../src/services/answer-blocks.ts";
import { outcome, staticFlag } from "./fixtures.ts";

/** Of each of so many flags two outcomes. */
function scene(count: number) {
  const flags = Array.from({ length: count }, (_, i) => staticFlag(`f${i}`, true));
  const choices = flags.map(({ key }) => [outcome(key, { variant: "a" }), outcome(key, {})]);
  let made = 0;
  const blocks = new AnswerBlocks(flags, (part, outcomes) => {
    made++;
    return part.map(({ key }, i) => `${key} ${outcomes[i]?.variant}`);
  });
  return {
    made: () => made,
    /** @param chosen the second outcome of the flags at these places */
    of(chosen: ReadonlySet<number>) {
      const outcomes = choices.map((two, i) => two[chosen.has(i) ? 1 : 0] as Outcome);
      const expected = outcomes.map(({ key, variant }) => `${key} ${variant}`);
      return { blocks: atOnce(blocks.of(outcomes)), expected };
    },
  };
}

test("the blocks of an answer are all of its flags in order, whatever was answered before", () => {
  const requests = fc.array(fc.uniqueArray(fc.nat(199), { maxLength: 4 }), { maxLength: 20 });
  fc.assert(
    fc.property(fc.nat(200), requests, (count, requests) => {
      const it = scene(count);
      for (const chosen of requests) {
        const { blocks, expected } = it.of(new Set(chosen));
        expect(blocks.flat()).toEqual(expected);
      }
    }),
  );
});

test("a block is made once for the same outcomes, also in turn with others", () => {
  const it = scene(200);
  const [a, b] = [it.of(new Set()).blocks, it.of(new Set([5])).blocks];
  const made = it.made();
  for (let i = 0; i < 3; i++) {
    expect(it.of(new Set()).blocks.every((block, at) => block === a[at])).toBe(true);
    expect(it.of(new Set([5])).blocks.every((block, at) => block === b[at])).toBe(true);
  }
  expect(it.made()).toBe(made);
  // Of the other three nothing had changed.
  expect(made).toBe(a.length + 1);
});

test("no more than a few forms of a block are kept", () => {
  const it = scene(10);
  for (let i = 0; i < 10; i++) it.of(new Set([i]));
  it.of(new Set([0]));
  expect(it.made()).toBe(11);
});

test("a group is counted one by one if there is no better way", () => {
  const counted: string[] = [];
  oneByOne(({ key }) => counted.push(key))({
    outcomes: [outcome("a", {}), outcome("b", {})],
    times: 0,
  });
  expect(counted).toEqual(["a", "b"]);
});
