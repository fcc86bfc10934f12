import { expect, test } from "bun:test";
import type { Log } from "../../../src/core/log.ts";
import { reportTo } from "../../../src/runtime/flag-pipeline.ts";

function logged(debugging: boolean) {
  const lines: string[] = [];
  const at = (level: string) => (message: string) => lines.push(`${level} ${message}`);
  const log = {
    debugging,
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    fatal: at("fatal"),
    with: () => log,
  } as Log;
  let now = 0;
  const report = reportTo(log, { now: () => now });
  return {
    lines,
    report,
    minute: () => {
      now += 60_000;
    },
  };
}

test("what a client left out is told once a minute for each flag, whatever it was", () => {
  const { lines, report, minute } = logged(false);
  report("info", "a", "no email");
  report("info", "a", "no email");
  report("info", "a", "no version");
  report("info", "b", "no email");
  expect(lines).toEqual(["info no email", "info no email"]);
  minute();
  report("info", "a", "no email");
  expect(lines).toHaveLength(3);
});

test("what a rule did wrong is told once a minute, and to those who debug each time", () => {
  for (const debugging of [false, true]) {
    const { lines, report } = logged(debugging);
    report("warn", "a", "x");
    report("warn", "a", "x");
    report("error", "a", "y");
    report("debug", "a", "z");
    expect(lines).toEqual(
      debugging ? ["warn x", "debug x", "error y", "debug z"] : ["warn x", "error y"],
    );
  }
});
