import { describe, expect, test } from "bun:test";
import { PingCounter } from "../../../../src/transport/http2/flood-limits.ts";

const rule = { minTimeMs: 1000, permitWithoutStream: true };
const pings = (counter: PingCounter, times: readonly number[], streamsOpen = true) =>
  times.map((now) => counter.ping(now, streamsOpen));

describe("untimely pings", () => {
  test("are forgiven twice, then the connection has to go", () => {
    expect(pings(new PingCounter(rule), [0, 10, 20, 30])).toEqual([false, false, false, true]);
  });

  test("do not count if enough time lies between", () => {
    const seldom = Array.from({ length: 50 }, (_, n) => n * 1000);
    expect(pings(new PingCounter(rule), seldom)).not.toContain(true);
  });

  test("are counted over all of a connection's life", () => {
    const counter = new PingCounter(rule);
    expect(pings(counter, [0, 10, 2000, 2010, 4000, 4010])).toEqual([
      ...[false, false, false, false, false],
      true,
    ]);
  });

  test("are forgotten when the server sends something", () => {
    const counter = new PingCounter(rule);
    for (let n = 0; n < 50; n++) {
      counter.forgive();
      expect(pings(counter, [n * 3, n * 3 + 1, n * 3 + 2])).toEqual([false, false, false]);
    }
  });

  test("are those without a stream, if that is not permitted", () => {
    const strict = { minTimeMs: 1000, permitWithoutStream: false };
    const everyMinute = [0, 60_000, 120_000, 180_000];
    expect(pings(new PingCounter(strict), everyMinute, false)).toEqual([false, false, false, true]);
    expect(pings(new PingCounter(strict), everyMinute, true)).not.toContain(true);
    const everyThirdHour = everyMinute.map((_, n) => n * 3 * 3_600_000);
    expect(pings(new PingCounter(strict), everyThirdHour, false)).not.toContain(true);
  });
});
