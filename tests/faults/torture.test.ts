/** A short part of the torture (tests/outside/torture), and that its checker finds what it is for. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { check, type History } from "../outside/torture/history.ts";
import { torture } from "../outside/torture/torture.ts";

setDefaultTimeout(120_000);

test("one server, with writes and faults in the order of a seed: nothing is lost, mixed or goes back", async () => {
  const outcome = await torture({
    topology: "single",
    content: "document",
    seed: 7,
    seconds: 8,
    // No speed is measured here.
    limitMs: 20_000,
  });
  expect(outcome.violations).toEqual([]);
  expect(outcome.writes).toBeGreaterThan(3);
  expect(outcome.answers).toBeGreaterThan(10);
});

test.each<[string, Partial<History>, RegExp]>([
  ["a failed request", { answers: [{ client: "c", at: 1, versions: "503" }] }, /no answer: 503/],
  ["a mixed set", { answers: [{ client: "c", at: 1, versions: [1, 2] }] }, /a mixed set: 1, 2/],
  [
    "a version that comes back",
    {
      answers: [
        { client: "c", at: 1, versions: [2] },
        { client: "c", at: 2, versions: [1] },
      ],
    },
    /back from 2 to 1/,
  ],
  [
    "a version that is seen late",
    {
      writes: [{ version: 2, at: 10 }],
      answers: [
        { client: "c", at: 20, versions: [1] },
        { client: "c", at: 5000, versions: [2] },
      ],
    },
    /version 2 of 10 ms: 4990 ms later/,
  ],
])("the checker finds %s", (_, history, violation) => {
  const { violations } = check({ writes: [], faults: [], answers: [], ...history }, 1000);
  expect(violations).toHaveLength(1);
  expect(violations[0]).toMatch(violation);
});

test("a version that was written during a fault counts from its end", () => {
  const fault = { name: "stopped", from: 0, to: 3000, graceMs: 0 };
  const answers = [
    { client: "c", at: 2900, versions: [1] },
    { client: "c", at: 3500, versions: [2] },
  ];
  const { violations, lags } = check(
    { writes: [{ version: 2, at: 10 }], faults: [fault], answers },
    1000,
  );
  expect(violations).toEqual([]);
  expect(lags).toEqual([500]);
});

test("a server that was away may be noticed late, also for what is written afterwards, and not later", () => {
  const fault = { name: "partitioned", from: 0, to: 3000, graceMs: 4000 };
  const seenAt = (at: number) => ({
    writes: [{ version: 2, at: 5000 }],
    faults: [fault],
    answers: [
      { client: "c", at: 5000, versions: [1] },
      { client: "c", at, versions: [2] },
    ],
  });
  expect(check(seenAt(7900), 1000).violations).toEqual([]);
  expect(check(seenAt(8100), 1000).violations).toHaveLength(1);
});
