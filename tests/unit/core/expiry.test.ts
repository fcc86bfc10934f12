import { describe, expect, test } from "bun:test";
import { ExpiryQueue } from "../../../src/core/expiry.ts";

describe("an expiry queue", () => {
  function queueOf(...items: string[]) {
    const expired: string[] = [];
    const queue = new ExpiryQueue<string>(100, (item) => expired.push(item));
    items.forEach((item, now) => {
      queue.add(item, now);
    });
    return { queue, expired };
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

  test("forgets what was deleted, and starts again what was added again", () => {
    const { queue, expired } = queueOf("a", "b", "c");
    queue.delete("b");
    queue.add("a", 90);
    queue.sweep(110);
    expect(expired).toEqual(["c"]);
    expect([queue.has("a"), queue.has("b")]).toEqual([true, false]);
    queue.sweep(190);
    expect(expired).toEqual(["c", "a"]);
  });

  test("gives less time when that is shortened, and never more", () => {
    const { queue, expired } = queueOf("a", "b", "c");
    queue.shorten(10, 11);
    expect(expired).toEqual(["a", "b"]);
    queue.shorten(1_000, 12);
    expect(expired).toEqual(["a", "b", "c"]);
  });
});
