import { expect, test } from "bun:test";
import { backAt, eventsOf, failedAttempts, perSecond } from "../../../bench/outage/log-events.ts";

const line = (second: number, msg: string) =>
  JSON.stringify({ level: "info", ts: new Date(second * 1000).toISOString(), msg });

const events = eventsOf(
  [
    line(1, "flags loaded"),
    line(2, "UNAVAILABLE: Connection dropped; connecting to 127.0.0.1:1 in 5 ms"),
    line(3, "UNAVAILABLE: connect ECONNREFUSED 127.0.0.1:1; connecting to 127.0.0.1:1 in 5 ms"),
    line(4, "UNAVAILABLE: connect ECONNREFUSED 127.0.0.1:1; serving the last accepted flags"),
    line(9, "source recovered, flags unchanged"),
    '{"level":"info","ts":"2026',
  ].join("\n"),
);

test("an attempt counts once, the loss of a connection is none", () => {
  expect(failedAttempts(events)).toEqual([3000]);
});

test("a daemon is back with the first flags after the outage", () => {
  expect(backAt(events, 2000)).toBe(9000);
  expect(backAt(events, 10_000)).toBeUndefined();
});

test("seconds without anything count as zero, what lies outside not at all", () => {
  expect(perSecond([100, 1500, 1600, 3500], 1000, 3200)).toEqual([2, 0, 1]);
});
