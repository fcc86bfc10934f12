import { expect, test } from "bun:test";
import { Poller } from "../../../src/sources/poller.ts";
import type { Payload, SourceSink } from "../../../src/sources/source.ts";
import { isPermanent, SourceError } from "../../../src/sources/source-error.ts";
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

test("what no retry mends ends it before the first success", async () => {
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
