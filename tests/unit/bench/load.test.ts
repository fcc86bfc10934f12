import { expect, test } from "bun:test";
import { answersIn } from "../../../bench/side-by-side/load.ts";

const load = { title: "unary", expected: "STATIC" };

/** As h2load prints it. */
const output = ({ succeeded = 100, failed = 0, errors = 0, data = 2000 }) =>
  `requests: 100 total, 100 started, 100 done, ${succeeded} succeeded, ${failed} failed, 0 errored, 0 timeout
status codes: ${succeeded} 2xx, 0 3xx, 0 4xx, ${errors} 5xx
traffic: 5.04KB (5161) total, 1.37KB (1400) headers (space savings 70.21%), 1.95KB (${data}) data`;

test("right answers are counted", () => {
  expect(answersIn(load, output({}))).toBe(100);
});

test.each([
  ["requests that failed", { succeeded: 90, failed: 10 }, "10 failed"],
  ["a status of the server's", { succeeded: 99, errors: 1 }, "1 failed"],
  ["no answer at all", { succeeded: 0 }, "0 requests succeeded"],
  ["errors in the trailers, without a message", { data: 0 }, "too few"],
])("%s are no measurement", (_, numbers, message) => {
  expect(() => answersIn(load, output(numbers))).toThrow(message);
});
