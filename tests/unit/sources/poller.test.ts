import { expect, test } from "bun:test";
import { SourceFault } from "../../../src/sources/source-error.ts";
import { Poller } from "../../../src/sources/poller.ts";
import { FatalSourceError, type Payload, type SourceSink } from "../../../src/sources/source.ts";
import { FakeClock } from "../../support/fake-clock.ts";

type Answer = string | Error | undefined;

/** A poller with an interval of 10 s whose looks give `answers` in turn, the last one for ever. */
function setup(answers: Answer[], chance = 0) {
  const clock = new FakeClock(chance);
  const looks: number[] = [];
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
    polling: { intervalSeconds: 10 },
    async look(): Promise<Payload | undefined> {
      looks.push(clock.now());
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer instanceof Error) throw answer;
      return answer === undefined ? undefined : { document: answer, format: "json" };
    },
  });
  const abort = new AbortController();
  const run = () => poller.run(sink, abort.signal);
  return { clock, looks, seen, poller, abort, run };
}

test("looks at once, then once per interval from its phase on", async () => {
  const { clock, looks, abort, run } = setup(["a"], 0.25);
  const ended = run();
  await clock.advance(30_000);
  expect(looks).toEqual([0, 7500, 17_500, 27_500]);
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
  const { clock, looks, abort, run } = setup([new SourceFault("down")], 0.999);
  const ended = run();
  await clock.advance(60_000);
  const waits = looks.map((at, index) => Math.round((at - (looks[index - 1] ?? 0)) / 1000));
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
  const { run } = setup([new SourceFault("wrong password", { hopeless: true })]);
  const error = await run().catch((thrown) => thrown);
  expect(error).toBeInstanceOf(FatalSourceError);
  expect(error.message).toBe("source it: wrong password");
});

test("and is a failure after it", async () => {
  const { clock, seen, abort, run } = setup(["a", new SourceFault("no", { hopeless: true })], 0.5);
  const ended = run();
  await clock.advance(5_400);
  expect(seen).toEqual(["+a", "!no"]);
  abort.abort();
  await ended;
});

test("a resync during a look has another one follow", async () => {
  const { clock, looks, poller, abort, run } = setup(["a"]);
  const ended = run();
  poller.resync();
  await clock.advance(1);
  expect(looks).toEqual([0, 0]);
  poller.resync();
  await clock.advance(1);
  expect(looks).toEqual([0, 0, 1]);
  abort.abort();
  await ended;
});
