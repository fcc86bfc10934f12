import { expect, test } from "bun:test";
import { ConfigError } from "../../../src/core/errors.ts";
import { type Attempt, Backoff, RetryLoop } from "../../../src/sources/retry-loop.ts";
import { isPermanent, SourceError, type SourceSink } from "../../../src/sources/source.ts";
import { FakeClock } from "../../support/fake-clock.ts";

/** A loop whose waits after failures are 1, 2, 4, 8, 10, 10 … s. */
function setup(attempt: (loop: RetryLoop, clock: FakeClock) => Attempt) {
  const clock = new FakeClock(1);
  const failures: string[] = [];
  const begun: number[] = [];
  const sink: SourceSink = {
    accept: async () => true,
    unchanged: () => {},
    failed: (reason) => void failures.push(reason),
  };
  const loop = new RetryLoop({ name: "it", clock, backoff: { firstMs: 1000, maxMs: 10_000 } });
  const abort = new AbortController();
  const once = attempt(loop, clock);
  const counted: Attempt = (signal) => {
    begun.push(clock.now());
    return once(signal);
  };
  const ended = loop.run(counted, sink, abort.signal).catch((error: unknown) => error);
  return { clock, loop, failures, begun, abort, ended };
}

const stop = async ({ abort, ended, clock }: ReturnType<typeof setup>) => {
  abort.abort();
  expect(await ended).toBeUndefined();
  expect(clock.sleeping).toBe(0);
};

test("the next attempt begins when it is due", async () => {
  const running = setup((_, clock) => async () => clock.now() + 500);
  await running.clock.advance(1_100);
  expect(running.begun).toEqual([0, 500, 1000]);
  await stop(running);
});

test("waits after failures grow, and count from the start of one attempt to the start of the next", async () => {
  const running = setup((_, clock) => async (signal) => {
    await clock.sleep(700, signal);
    throw new SourceError("down");
  });
  await running.clock.advance(16_000);
  expect(running.begun).toEqual([0, 1000, 3000, 7000, 15_000]);
  expect(running.failures).toEqual(Array(5).fill("down"));
  await stop(running);
});

test("after the source has worked they begin with the shortest again, and count from the failure", async () => {
  const running = setup((loop, clock) => async (signal) => {
    loop.markWorking();
    await clock.sleep(5000, signal);
    throw new SourceError("lost");
  });
  await running.clock.advance(12_500);
  expect(running.begun).toEqual([0, 6000, 12_000]);
  await stop(running);
});

test.each([
  ["a permanent SourceError", new SourceError("wrong", { retryable: false })],
  ["a ConfigError", new ConfigError("wrong")],
])(
  "%s ends it, with the source's name, unless an attempt has got through before",
  async (_, error) => {
    const first = setup(() => async () => {
      throw error;
    });
    const ending = await first.ended;
    expect(ending).toSatisfy(isPermanent);
    expect(String(ending)).toBe("SourceError: source it: wrong");

    const later = setup((loop) => async () => {
      loop.markReached();
      throw error;
    });
    await later.clock.advance(10);
    expect(later.failures).toEqual(["wrong"]);
    await stop(later);
  },
);

test("an attempt that says neither when nor why waits as after a failure, and nothing is reported", async () => {
  const running = setup(() => async () => undefined);
  await running.clock.advance(3_500);
  expect(running.begun).toEqual([0, 1000, 3000]);
  expect(running.failures).toEqual([]);
  await stop(running);
});

test("woken while it waits it begins at once; woken during an attempt it begins another after it", async () => {
  const running = setup((_, clock) => async (signal) => {
    await clock.sleep(100, signal);
    return clock.now() + 60_000;
  });
  await running.clock.advance(50);
  running.loop.wakeUp();
  await running.clock.advance(250);
  expect(running.begun).toEqual([0, 100]);
  running.loop.wakeUp();
  await running.clock.advance(1);
  expect(running.begun).toEqual([0, 100, 300]);
  await stop(running);
});

test("restarted it ends the attempt under way, whose failure nobody hears of", async () => {
  const running = setup((_, clock) => async (signal) => {
    await clock.sleep(60_000, signal);
    throw new SourceError("aborted");
  });
  await running.clock.advance(10);
  running.loop.restart();
  await running.clock.advance(1);
  expect(running.begun).toEqual([0, 10]);
  expect(running.failures).toEqual([]);
  await stop(running);
});

test("what only the operator can repair is tried again if flags are in use already", async () => {
  const clock = new FakeClock(1);
  const loop = new RetryLoop({ name: "it", clock, backoff: { firstMs: 1000, maxMs: 10_000 } });
  const failures: string[] = [];
  const sink: SourceSink = {
    serving: true,
    accept: async () => true,
    unchanged: () => {},
    failed: (reason) => void failures.push(reason),
  };
  const abort = new AbortController();
  const ended = loop.run(
    async () => {
      throw new SourceError("wrong password", { retryable: false });
    },
    sink,
    abort.signal,
  );
  await clock.advance(3500);
  expect(failures).toEqual(["wrong password", "wrong password", "wrong password"]);
  abort.abort();
  await ended;
});

async function waits(chance: number, count: number) {
  const clock = new FakeClock(chance);
  const backoff = new Backoff(clock, { firstMs: 1000, maxMs: 10_000 });
  const list: number[] = [];
  while (list.length < count) {
    const wait = backoff.next();
    list.push(wait);
    await clock.advance(wait);
  }
  return { backoff, list };
}

test("the bound is the first wait and all that has passed since, up to the greatest wait", async () => {
  expect((await waits(1, 6)).list).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000]);
});

test("jitter is full: a wait is anything between 0 and the bound", async () => {
  expect((await waits(0, 3)).list).toEqual([0, 0, 0]);
  expect((await waits(0.25, 3)).list).toEqual([250, 312.5, 390.625]);
});

test("however short the waits were, none is longer than what has passed, and the first wait", async () => {
  const clock = new FakeClock(0);
  const backoff = new Backoff(clock, { firstMs: 1000, maxMs: 10_000 });
  for (let n = 0; n < 20; n++) await clock.advance(backoff.next());
  clock.chance = 1;
  expect(backoff.next()).toBe(1000);
});

test("it stays at the greatest wait however often, and starts again when told", async () => {
  const { backoff, list } = await waits(1, 50);
  expect(list.at(-1)).toBe(10_000);
  backoff.reset();
  expect(backoff.next()).toBe(1000);
});
