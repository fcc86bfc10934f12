import { afterEach, describe, expect, jest, test } from "bun:test";
import fc from "fast-check";
import { atOnce } from "../../../../src/core/turns.ts";
import { pack } from "../../../../src/flags/packed.ts";
import type { Store } from "../../../../src/store/store.ts";
import { flag, flagSet } from "../../store/flags.ts";
import { type FakeStream, settled } from "./fakes.ts";
import { createSetup } from "./setup.ts";

afterEach(() => {
  jest.useRealTimers();
});

const big = "r".repeat(300_000);

/** @param large as a thread of its own hands documents over: sync states are then made in slices */
function change(store: Store, revision: string, large: boolean): void {
  const flags = flagSet([flag("x", revision)]);
  atOnce(store.accepting("A", large ? pack(flags, "A") : flags, {}));
}

describe("a reader that is slow", () => {
  test("gets the latest state when it reads again, and none of those between", async () => {
    const { open, store } = createSetup();
    const stream = await open();
    stream.reading = false;
    for (const revision of ["1", "2", "3", "4"]) store.accept("A", flagSet([flag("x", revision)]));
    expect(stream.state).toEqual({ x: "1" });
    expect(stream.messages).toHaveLength(2);
    stream.drain();
    expect(stream.state).toEqual({ x: "4" });
    expect(stream.messages).toHaveLength(3);
    stream.drain();
    expect(stream.messages).toHaveLength(3);
  });

  test("delays no other", async () => {
    const { open, store } = createSetup();
    const slow = await open();
    const fast = await open();
    slow.reading = false;
    for (const revision of ["1", "2", "3"]) store.accept("A", flagSet([flag("x", revision)]));
    expect(fast.messages).toHaveLength(4);
    expect(fast.state).toEqual({ x: "3" });
    expect(slow.messages).toHaveLength(2);
  });

  test("of a large state is sent it piece by piece, whole before the next", async () => {
    const { open, store } = createSetup();
    const stream = await open();
    stream.reading = false;
    store.accept("A", flagSet([flag("x", big)]));
    expect(stream.pieces.length).toBe(2);
    store.accept("A", flagSet([flag("x", "small")]));
    while (stream.state?.x !== "small") stream.drain(false);
    expect(stream.messages).toHaveLength(3);
    expect(Math.max(...stream.pieces.map((piece) => piece.length))).toBeLessThanOrEqual(65_536);
  });

  test("is dropped when it takes nothing for too long", async () => {
    const { open, store, measured, entries } = createSetup({ stallMs: 30_000 });
    const stream = await open();
    stream.reading = false;
    jest.useFakeTimers();
    store.accept("A", flagSet([flag("x")]));
    jest.advanceTimersByTime(29_999);
    expect(stream.aborted).toBe(false);
    jest.advanceTimersByTime(1);
    expect(stream.aborted).toBe(true);
    expect(measured[0]?.ends).toEqual(["error"]);
    expect(entries).toEqual([
      {
        message: "sync stream dropped: the client has stopped reading",
        fields: { stallMs: 30_000 },
      },
    ]);
  });

  test("is kept as long as it makes progress", async () => {
    const { open, store } = createSetup({ stallMs: 30_000 });
    const stream = await open();
    stream.reading = false;
    jest.useFakeTimers();
    store.accept("A", flagSet([flag("x", big)]));
    while (stream.state?.x !== big) {
      jest.advanceTimersByTime(20_000);
      stream.drain(false);
    }
    jest.advanceTimersByTime(20_000);
    stream.drain();
    jest.advanceTimersByTime(1_000_000);
    expect(stream.aborted).toBe(false);
  });

  test("gets the rest of its state before the server ends the stream", async () => {
    const { open, store, service } = createSetup();
    const stream = await open();
    stream.reading = false;
    store.accept("A", flagSet([flag("x", big)]));
    service.shutdown();
    expect(stream.ended).toBeUndefined();
    while (!stream.ended) stream.drain(false);
    expect(stream.state).toEqual({ x: big });
  });

  test("leaves no timer behind when it goes", async () => {
    const { open, store, entries } = createSetup({ stallMs: 30_000 });
    const stream = await open();
    stream.reading = false;
    jest.useFakeTimers();
    store.accept("A", flagSet([flag("x")]));
    stream.close();
    expect(jest.getTimerCount()).toBe(0);
    expect(stream.aborted).toBe(false);
    expect(entries).toEqual([]);
  });
});

type Step =
  | { readonly reader: number }
  | { readonly revision: string; readonly large: boolean }
  | { readonly pause: true };

test("whatever the order of changes and reading, every reader ends with the last state", async () => {
  const steps = fc.array(
    fc.oneof<fc.Arbitrary<Step>[]>(
      fc.record({ reader: fc.nat(2) }),
      fc.record({
        revision: fc.constantFrom("1", "2", "3", "4".repeat(200_000)),
        large: fc.boolean(),
      }),
      fc.constant({ pause: true }),
    ),
    { maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      const { open, store } = createSetup();
      const streams: FakeStream[] = [await open(), await open(), await open()];
      for (const stream of streams) stream.reading = false;
      for (const step of steps) {
        if ("reader" in step) streams[step.reader]?.drain(false);
        else if ("pause" in step) await settled();
        else change(store, step.revision, step.large);
      }
      const expected = Object.fromEntries(
        atOnce(store.snapshot.view({}).ordered()).map((f) => [
          f.key,
          f.definition.defaultVariant ?? "",
        ]),
      );
      for (const stream of streams) {
        for (let i = 0; i < 20; i++) {
          stream.drain();
          await settled();
        }
        expect(stream.state).toEqual(expected);
        stream.close();
      }
    }),
    { numRuns: 50 },
  );
});
