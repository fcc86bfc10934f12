import { expect, test } from "bun:test";
import fc from "fast-check";
import { median, quantile } from "../../../bench/side-by-side/statistics.ts";

test("the median is the number in the middle, of an even count the lower one", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 3, 2, 1])).toBe(2);
  expect(median([])).toBeNaN();
});

test("a quantile is one of the numbers, which that share of them does not exceed", () => {
  const numbers = fc.array(fc.integer(), { minLength: 1 });
  fc.assert(
    fc.property(numbers, fc.double({ min: 0, max: 1, noNaN: true }), (all, q) => {
      const value = quantile(all, q);
      expect(all).toContain(value);
      const covered = all.filter((number) => number <= value).length;
      const below = all.filter((number) => number < value).length;
      expect(covered).toBeGreaterThanOrEqual(all.length * q);
      expect(below).toBeLessThanOrEqual(all.length * q);
    }),
  );
});
