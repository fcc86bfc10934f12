import { describe, expect, test } from "bun:test";
import { RateLimit } from "../../../src/core/rate-limit.ts";

/** How many of so many attempts at one moment are right. */
const taken = (limit: RateLimit, attempts: number, now: number) =>
  Array.from({ length: attempts }, () => limit.take(now)).filter(Boolean).length;

describe("a limit on how often something happens", () => {
  test("lets a burst pass, and then as many as a second gives", () => {
    const limit = new RateLimit({ burst: 10, perSecond: 2 });
    expect(taken(limit, 10, 0)).toBe(10);
    expect(limit.take(400)).toBe(false);
    expect(new RateLimit({ burst: 1, perSecond: 1 }).take(123_456)).toBe(true);
  });

  test("fills again with time, up to a burst", () => {
    const limit = new RateLimit({ burst: 10, perSecond: 2 });
    taken(limit, 10, 0);
    expect(taken(limit, 2, 1_000)).toBe(2);
    expect(taken(limit, 10, 60_000)).toBe(10);
    expect(limit.take(60_000)).toBe(false);
  });

  test("what is allowed in return counts, up to a burst", () => {
    const limit = new RateLimit({ burst: 10, perSecond: 0 });
    taken(limit, 10, 0);
    limit.allow(3);
    expect(taken(limit, 3, 0)).toBe(3);
    limit.allow(1_000);
    expect(taken(limit, 10, 0)).toBe(10);
    expect(limit.take(0)).toBe(false);
  });
});
