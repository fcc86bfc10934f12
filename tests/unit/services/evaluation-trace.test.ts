import { expect, test } from "bun:test";
import type { Outcome } from "../../../src/evaluation/outcomes.ts";
import { type EvaluatedFlag, logEvaluations } from "../../../src/services/evaluation-trace.ts";
import { type LogEntry, rememberingLog } from "../../support/remembering-log.ts";

const outcome: Outcome = {
  key: "b",
  reason: "STATIC",
  errorCode: undefined,
  variant: "on",
  value: true,
  metadata: {},
  memo: [],
};

function entriesOf(name: string, evaluated: Partial<EvaluatedFlag>): LogEntry[] {
  const log = rememberingLog();
  const start = { name, scope: "s", kind: "server", traceparent: null } as const;
  logEvaluations(log)(start)?.flag({ key: "b", outcome, ...evaluated });
  return log.entries;
}

test("an evaluation is an entry with the names of its context, and no values", () => {
  const entries = entriesOf("resolveBoolean", { context: { email: "ann@example.com", tier: "x" } });
  expect(entries).toEqual([
    {
      level: "debug",
      message: "evaluating boolean flag: b",
      fields: {
        "flag-key": "b",
        "context-keys": ["email", "tier"],
        reason: "STATIC",
        variant: "on",
      },
    },
  ]);
});

test("OFREP's does not know the type", () => {
  const [entry] = entriesOf("resolveAnyValue", {});
  expect(entry?.message).toBe("evaluating flag `b` as a generic flag");
  expect(entry?.fields).not.toHaveProperty("context-keys");
});

test("one that fails has a warning, too", () => {
  const failed = { ...outcome, reason: "ERROR", errorCode: "TYPE_MISMATCH" } as const;
  const [, entry] = entriesOf("resolveInt", { outcome: failed });
  expect(entry).toEqual({
    level: "warn",
    message: "returning error response, reason: TYPE_MISMATCH",
    fields: { "flag-key": "b" },
  });
  const error = new Error("Flag not found");
  expect(entriesOf("resolveInt", { error })[1]?.message).toEndWith("reason: Flag not found");
});

test("keys and contexts that clients invent do not fill the log", () => {
  const context = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, i]));
  const [entry] = entriesOf("resolveInt", { key: "k".repeat(100_000), context });
  expect(JSON.stringify(entry).length).toBeLessThan(3000);
});
