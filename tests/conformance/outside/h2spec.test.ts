import { expect, test } from "bun:test";
import { parseKnown, parseReport, summarize } from "./h2spec.ts";

const report = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="5.1. Stream States" package="http2/5.1" tests="2" failures="0" errors="1">
    <testcase package="http2/5.1" classname="idle: Sends a DATA frame" time="0.1">
      <error>Connection closed
bytes \u0000 <of> the peer</error>
    </testcase>
    <testcase package="http2/5.1" classname="idle: Sends a RST_STREAM frame" time="0.1"></testcase>
  </testsuite>
</testsuites>`;
const cases = parseReport(report);
const failing = "http2/5.1: idle: Sends a DATA frame";
const passing = "http2/5.1: idle: Sends a RST_STREAM frame";
const complaint = (...known: string[]) => summarize("", cases, new Set(known)).complaint;

test("a report tells of each case whether it failed, and how", () => {
  expect([...cases]).toEqual([
    [failing, "Connection closed\nbytes \u0000 <of> the peer"],
    [passing, undefined],
  ]);
});

test("a failure that is known is counted and nothing more", () => {
  const known = parseKnown(`# its cause\n${failing}\n`);
  expect(summarize("port", cases, known)).toEqual({
    name: "port",
    cases: 2,
    passed: 1,
    known: 1,
    complaint: "",
  });
});

test("a failure that is not known is complained of", () => {
  expect(complaint()).toContain(`${failing} failed`);
});

test("a known failure that passes or is not there is complained of", () => {
  expect(complaint(failing, passing)).toContain(`${passing} is known to fail, but passed`);
  expect(complaint(failing, "http2/9: gone")).toContain("was not run");
});

test("an empty report is complained of", () => {
  expect(summarize("", parseReport(""), new Set()).complaint).not.toBe("");
});
