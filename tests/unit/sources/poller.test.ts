import { expect, test } from "bun:test";
import fc from "fast-check";
import { Poller, PollSchedule } from "../../../src/sources/poller.ts";
import {
  isPermanent,
  type Payload,
  SourceError,
  type SourceSink,
} from "../../../src/sources/source.ts";
import { FakeClock } from "../../support/fake-clock.ts";

type Answer = string | Error | undefined;

/** A poller with an interval of 10 s whose polls give `answers` in turn, the last one for ever. */
function setup(answers: Answer[], chance = 0) {
  const clock = new FakeClock(chance);
  const polls: number[] = [];
  const seen: string[] = [];
  const sink: SourceSink = {
    async accept({ document }) {
      seen.push(`+${document}`);
      return true;
    },
    unchanged: () => void seen.push("="),
    failed: (reason) => void seen.push(`!${reason}`),
  };
  const poller = new Poller({
    name: "it",
    clock,
    polling: { interval: 10 },
    async poll(): Promise<Payload | undefined> {
      polls.push(clock.now());
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer instanceof Error) throw answer;
      return answer === undefined ? undefined : { document: answer, format: "json" };
    },
  });
  const abort = new AbortController();
  const run = () => poller.run(sink, abort.signal);
  return { clock, polls, seen, poller, abort, run };
}

test("polls at once, then once per interval from its phase on", async () => {
  const { clock, polls, abort, run } = setup(["a"], 0.25);
  const ended = run();
  await clock.advance(30_000);
  expect(polls).toEqual([0, 7500, 17_500, 27_500]);
  abort.abort();
  await ended;
  expect(clock.sleeping).toBe(0);
});

test("hands over what differs from what it handed over before", async () => {
  const { clock, seen, abort, run } = setup(["a", "a", undefined, "b", "a"]);
  const ended = run();
  await clock.advance(40_000);
  expect(seen).toEqual(["+a", "=", "=", "+b", "+a"]);
  abort.abort();
  await ended;
});

test("after a failure waits longer and longer, at most an interval", async () => {
  const { clock, polls, abort, run } = setup([new SourceError("down")], 0.999);
  const ended = run();
  await clock.advance(60_000);
  const waits = polls.map((at, index) => Math.round((at - (polls[index - 1] ?? 0)) / 1000));
  expect(waits).toEqual([0, 1, 2, 4, 8, 10, 10, 10, 10]);
  abort.abort();
  await ended;
});

test("an empty document is a failure that says how to delete all flags", async () => {
  const { clock, seen, abort, run } = setup(["a", ""], 0.5);
  const ended = run();
  await clock.advance(5_100);
  expect(seen[1]).toStartWith('!the document is empty; to delete all flags, write {"flags":{}}');
  abort.abort();
  await ended;
});

test("what no retry fixes ends it before the first success", async () => {
  const { run } = setup([new SourceError("wrong password", { retryable: false })]);
  const error = await run().catch((thrown) => thrown);
  expect(error).toSatisfy(isPermanent);
  expect(error.message).toBe("source it: wrong password");
});

test("and is a failure after it", async () => {
  const { clock, seen, abort, run } = setup(
    ["a", new SourceError("no", { retryable: false })],
    0.5,
  );
  const ended = run();
  await clock.advance(5_400);
  expect(seen).toEqual(["+a", "!no"]);
  abort.abort();
  await ended;
});

test("a resync during a look has another one follow", async () => {
  const { clock, polls, poller, abort, run } = setup(["a"]);
  const ended = run();
  poller.resync();
  await clock.advance(1);
  expect(polls).toEqual([0, 0]);
  poller.resync();
  await clock.advance(1);
  expect(polls).toEqual([0, 0, 1]);
  abort.abort();
  await ended;
});

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
