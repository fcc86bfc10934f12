import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Json } from "../../../src/core/json.ts";
import {
  type Answer,
  compare,
  distribution,
  timesToSimulate,
  traitsOf,
} from "../../../src/evaluation/simulate.ts";
import { prepare } from "./definitions.ts";

const keys = Array.from({ length: 1_000 }, (_, i) => `user-${i}`);

function answering(targeting: Json, variants = { on: true, off: false }): Answer {
  const flag = prepare({ targeting, variants });
  return (key) => flag.evaluate({ targetingKey: key });
}

const split = (on: number): Json => ({
  fractional: [
    ["on", on],
    ["off", 100 - on],
  ],
});

describe("a distribution", () => {
  test("counts every key once, the most frequent result first", () => {
    const shares = distribution(keys, answering(split(20)));
    expect(shares.map(({ variant }) => variant)).toEqual(["off", "on"]);
    expect(shares.reduce((sum, { count }) => sum + count, 0)).toBe(1_000);
    expect(shares[1]?.count).toBeGreaterThan(120);
    expect(shares[1]?.count).toBeLessThan(280);
  });

  test("counts errors as results", () => {
    expect(distribution(keys, answering({ bogus: 1 }))).toEqual([
      { variant: undefined, value: undefined, errorCode: "PARSE_ERROR", count: 1_000 },
    ]);
  });
});

describe("a comparison", () => {
  test("of a rule with itself moves nobody", () => {
    const { moves, same } = compare(keys, answering(split(20)), answering(split(20)));
    expect([moves, same]).toEqual([[], 1_000]);
  });

  test("a larger share moves only those who join it", () => {
    const { moves, same, before, after } = compare(
      keys,
      answering(split(20)),
      answering(split(50)),
    );
    expect(moves.length).toBe(1);
    expect(moves[0]).toMatchObject({ from: { variant: "off" }, to: { variant: "on" } });
    expect(moves[0]?.keys.length).toBe(5);
    const on = (shares: typeof before) =>
      shares.find(({ variant }) => variant === "on")?.count ?? 0;
    expect(on(after) - on(before)).toBe(moves[0]?.count as number);
    expect(same + (moves[0]?.count ?? 0)).toBe(1_000);
  });

  test("a variant with another value is another answer, another reason is not", () => {
    const changed = answering("on", { on: 1 as never, off: false });
    expect(compare(["a"], answering("on"), changed).same).toBe(0);
    expect(compare(["a"], answering("off"), answering({ if: [false, "on"] })).same).toBe(1);
  });

  test("is the sum of its parts, for any shares", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }), (a, b) => {
        const { before, after, moves, same } = compare(
          keys.slice(0, 100),
          answering(split(a)),
          answering(split(b)),
        );
        const sum = (all: readonly { readonly count: number }[]) =>
          all.reduce((total, { count }) => total + count, 0);
        expect([sum(before), sum(after), sum(moves) + same]).toEqual([100, 100, 100]);
      }),
      { numRuns: 30 },
    );
  });
});

describe("traits of a rule", () => {
  test.each<[Json, object]>([
    [
      { ">": [{ var: "$flagd.timestamp" }, 1_700_000_000] },
      { usesTime: true, times: [1_700_000_000] },
    ],
    [{ ">": [{ var: ["$flagd.timestamp", 0] }, 5] }, { usesTime: true, times: [] }],
    [{ ">": [{ var: "born" }, 1_700_000_000] }, { usesTime: false }],
    [{ if: [true, split(5)] }, { usesFractional: true }],
    ["on", { usesTime: false, usesFractional: false, times: [] }],
  ])("%j", (rule, expected) => expect(traitsOf(rule)).toMatchObject(expected));

  test("times are in order, each once", () => {
    const at = (time: number): Json => ({ ">": [{ var: "$flagd.timestamp" }, time] });
    const rule: Json = { and: [at(1_800_000_000), at(1_700_000_000), at(1_800_000_000)] };
    expect(traitsOf(rule).times).toEqual([1_700_000_000, 1_800_000_000]);
  });
});

describe("times to look at", () => {
  test("none without times", () => expect(timesToSimulate([])).toEqual([]));
  test("before and at a single one", () => {
    expect(timesToSimulate([1_700_000_000])).toEqual([1_699_999_999, 1_700_000_000]);
  });
  test("from before the first to the last, with those in between", () => {
    const times = timesToSimulate([1_000_000_000, 1_000_000_333, 1_000_001_000]);
    expect(times[0]).toBe(999_999_999);
    expect(times.at(-1)).toBe(1_000_001_000);
    expect(times).toContain(1_000_000_333);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });
});
