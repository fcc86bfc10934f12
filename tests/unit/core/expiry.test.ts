import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ExpiryQueue, Place, Sweeper } from "../../../src/core/expiry.ts";

describe("an expiry queue", () => {
  function queueOf(...items: string[]) {
    const expired: string[] = [];
    const queue = new ExpiryQueue<string>(100, (item) => expired.push(item));
    const places = items.map((item, now) => queue.add(item, now));
    return { queue, places, expired };
  }

  test("gives up what is too old, oldest first, once", () => {
    const { queue, expired } = queueOf("a", "b", "c");
    queue.sweep(99);
    expect(expired).toEqual([]);
    queue.sweep(101);
    expect(expired).toEqual(["a", "b"]);
    queue.sweep(500);
    expect(expired).toEqual(["a", "b", "c"]);
  });

  test("forgets what was stopped, and starts again what was started again", () => {
    const { queue, places, expired } = queueOf("a", "b", "c");
    const [a, b, c] = places as [Place<string>, Place<string>, Place<string>];
    expect([b.stop(), b.stop()]).toEqual([true, false]);
    queue.start(a, 90);
    queue.sweep(110);
    expect(expired).toEqual(["c"]);
    expect(c.stop()).toBe(false);
    queue.sweep(190);
    expect(expired).toEqual(["c", "a"]);
    expect(queue.empty).toBe(true);
  });

  test("loses what is started in another one", () => {
    const { queue, places, expired } = queueOf("a", "b");
    const other = new ExpiryQueue<string>(10, (item) => expired.push(`other ${item}`));
    other.start(places[0] as Place<string>, 50);
    queue.sweep(500);
    other.sweep(60);
    expect(expired).toEqual(["b", "other a"]);
  });

  test("expires in the order of the last starts, whatever was stopped before", () => {
    const step = fc.record({ item: fc.nat(5), stop: fc.boolean(), pass: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const expired: string[] = [];
        const expected: string[] = [];
        const model = new Map<number, number>();
        const queue = new ExpiryQueue<number>(100, (item) => expired.push(`${item} at ${now}`));
        const places = Array.from({ length: 6 }, (_, item) => new Place(item));
        let now = 0;
        for (const { item, stop, pass } of steps) {
          const place = places[item] as Place<number>;
          expect(place.queue === queue).toBe(model.has(item));
          if (stop) place.stop();
          else queue.start(place, now);
          model.delete(item);
          if (!stop) model.set(item, now);
          now += pass;
          queue.sweep(now);
          for (const [old, since] of model) {
            if (now - since < 100) break;
            model.delete(old);
            expected.push(`${old} at ${now}`);
          }
          const [oldest] = model.values();
          expect(queue.dueAt).toBe(oldest === undefined ? undefined : oldest + 100);
        }
        expect(expired).toEqual(expected);
      }),
    );
  });

  test("gives less time when that is shortened, and never more", () => {
    const { queue, expired } = queueOf("a", "b", "c");
    queue.shorten(10, 11);
    expect(expired).toEqual(["a", "b"]);
    queue.shorten(1_000, 12);
    expect(expired).toEqual(["a", "b", "c"]);
  });
});

describe("a sweeper", () => {
  /** With a clock and one timer. */
  function scene() {
    let now = 0;
    let timer: { at: number; run: () => void } | undefined;
    const sweeper = new Sweeper(
      () => now,
      (ms, run) => {
        timer = { at: now + ms, run };
        return setTimeout(() => {}, 0).unref();
      },
    );
    const expired: string[] = [];
    const queue = (ms: number) =>
      new ExpiryQueue<string>(ms, (item) => expired.push(`${item} at ${now}`), sweeper);
    return {
      sweeper,
      queue,
      expired,
      now: () => now,
      /** When the timer ends; undefined: there is none. */
      get wakesAt() {
        return timer?.at;
      },
      /** Goes on to the end of the timer. */
      wake() {
        const due = timer;
        timer = undefined;
        now = due?.at ?? now;
        due?.run();
      },
      pass(ms: number) {
        now += ms;
      },
    };
  }

  test("sleeps while there is nothing that can expire", () => {
    const it = scene();
    const queue = it.queue(1_000);
    expect(it.wakesAt).toBeUndefined();
    queue.add("a", 0).stop();
    expect(it.wakesAt).toBe(1_000);
    it.wake();
    expect([it.wakesAt, it.expired]).toEqual([undefined, []]);
    queue.add("b", it.now());
    expect(it.wakesAt).toBe(2_000);
  });

  test("wakes when the oldest expires, and what expires soon after goes with the next", () => {
    const it = scene();
    const queue = it.queue(1_000);
    queue.add("a", 0);
    queue.add("b", 10);
    queue.add("c", 20);
    it.wake();
    expect(it.expired).toEqual(["a at 1000"]);
    it.wake();
    expect(it.expired).toEqual(["a at 1000", "b at 1250", "c at 1250"]);
    expect(it.wakesAt).toBeUndefined();
  });

  test("wakes for the queue that is due first, and earlier if a time is shortened", () => {
    const it = scene();
    const slow = it.queue(60_000);
    slow.add("slow", 0);
    it.queue(1_000).add("fast", 0);
    expect(it.wakesAt).toBe(1_000);
    it.wake();
    expect(it.wakesAt).toBe(60_000);
    it.pass(10);
    slow.shorten(2_000, it.now());
    expect(it.wakesAt).toBe(2_000);
    it.wake();
    expect(it.expired).toEqual(["fast at 1000", "slow at 2000"]);
  });

  test("wakes for what is added while it sweeps", () => {
    const it = scene();
    const second = it.queue(500);
    const pass = (item: string) => second.add(item, it.now());
    new ExpiryQueue<string>(100, pass, it.sweeper).add("a", 0);
    it.wake();
    expect(it.wakesAt).toBe(600);
    it.wake();
    expect(it.expired).toEqual(["a at 600"]);
  });
});
