import { expect, test } from "bun:test";
import fc from "fast-check";
import { PollSchedule } from "../../../src/sources/poll-schedule.ts";
import { FakeClock } from "../../support/fake-clock.ts";

test("the second poll comes by chance within the interval, the others an interval apart", async () => {
  const clock = new FakeClock(0.25);
  const schedule = new PollSchedule(clock, { interval: 40 });
  expect(schedule.next()).toBe(30_000);
  await clock.advance(30_000);
  expect(schedule.next()).toBe(70_000);
});

test("a late poll does not shift the ones after it", async () => {
  const clock = new FakeClock(0);
  const schedule = new PollSchedule(clock, { interval: 10 });
  schedule.next();
  await clock.advance(13_000);
  expect(schedule.next()).toBe(20_000);
  await clock.advance(29_500);
  expect(schedule.next()).toBe(50_000);
});

test("the same seed polls at the same seconds of the wall clock, whenever it started", () => {
  const second = (seed: string, chance: number, startedAt: number) => {
    const clock = new FakeClock(chance);
    const schedule = new PollSchedule(clock, { interval: 60, intervalSeed: seed }, () => startedAt);
    return ((startedAt + schedule.next()) / 1000) % 60;
  };
  // FNV-1a of "a" is 0xe40c292c.
  expect(second("a", 0.1, 1_000_000)).toBe(0xe40c292c % 60);
  expect(second("a", 0.9, 1_023_456)).toBe(0xe40c292c % 60);
  expect(second("b", 0.1, 1_000_000)).not.toBe(second("a", 0.1, 1_000_000));
});

test("the next poll is always ahead, by an interval and a millisecond at most", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.integer({ min: 1, max: 86_400 }),
      fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 5 }),
      async (chance, interval, steps) => {
        const clock = new FakeClock(chance);
        const schedule = new PollSchedule(clock, { interval });
        for (const step of [0, ...steps]) {
          await clock.advance(step);
          const ahead = schedule.next() - clock.now();
          expect(ahead).toBeGreaterThan(0);
          expect(ahead).toBeLessThanOrEqual(interval * 1000 + 1.01);
        }
      },
    ),
    { numRuns: 30 },
  );
});
