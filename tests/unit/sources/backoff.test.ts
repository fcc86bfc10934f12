import { expect, test } from "bun:test";
import { Backoff } from "../../../src/sources/backoff.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const waits = (chance: number, count: number) => {
  const backoff = new Backoff(new FakeClock(chance), { firstMs: 1000, maxMs: 10_000 });
  return { backoff, list: Array.from({ length: count }, () => backoff.next()) };
};

test("the bound doubles up to the greatest wait", () => {
  expect(waits(1, 6).list).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000]);
});

test("jitter is full: a wait is anything between 0 and the bound", () => {
  expect(waits(0, 3).list).toEqual([0, 0, 0]);
  expect(waits(0.25, 3).list).toEqual([250, 500, 1000]);
});

test("it stays at the greatest wait however often, and starts again when told", () => {
  const { backoff, list } = waits(1, 5000);
  expect(list.at(-1)).toBe(10_000);
  backoff.reset();
  expect(backoff.next()).toBe(1000);
});
