import { describe, expect, test } from "bun:test";
import type { Json, JsonObject } from "../../../../src/core/json.ts";
import { atOnce } from "../../../../src/core/turns.ts";
import { prepareFlag } from "../../../../src/evaluation/prepare.ts";
import { resolveAll } from "../../../../src/evaluation/resolve.ts";
import { SharedRule, SharedRules } from "../../../../src/evaluation/rule/shared-rule.ts";
import { stepsTo } from "../../../support/steps.ts";
import { define } from "../definitions.ts";

const keys = Array.from({ length: 40 }, (_, n) => `flag-${n}`);

/** The answers about flags that all have one targeting, and what was reported meanwhile. */
function answers(targeting: Json, shared: boolean, bulk: boolean, contexts: readonly JsonObject[]) {
  const reports: unknown[] = [];
  const environment = {
    now: () => 1_700_000_000_000,
    fractional: "v2" as const,
    report: (...report: unknown[]) => reports.push(report),
    ...(shared && { rules: new SharedRules() }),
  };
  const flags = keys.map((key) =>
    // Equal, and not the same.
    prepareFlag(define({ key, targeting: structuredClone(targeting) as Json }), environment),
  );
  const view = { flags: new Map(), maxFlags: 40, ordered: stepsTo(flags), reflection: {} };
  const given = contexts.map((context) => {
    if (!bulk) return flags.map((flag) => flag.evaluate({ ...context }));
    const outcomes: unknown[] = [];
    atOnce(resolveAll(view, { ...context }, (_, outcome) => outcomes.push(outcome)));
    return outcomes;
  });
  return { given, reports };
}

const contexts: readonly JsonObject[] = [
  { targetingKey: "a", beta: true, email: "a@example.com" },
  { targetingKey: "b", beta: false, email: "b@example.com" },
  { targetingKey: "a", beta: true, email: 5 },
  {},
];

const rules: Readonly<Record<string, Json>> = {
  "an attribute": { if: [{ var: "beta" }, "on", "off"] },
  "the flag's buckets": {
    fractional: [
      ["on", 50],
      ["off", 50],
    ],
  },
  "the key of the flag": { if: [{ in: ["7", { var: "$flagd.flagKey" }] }, "on", "off"] },
  "a value that cannot be used": { if: [{ ends_with: [{ var: "email" }, "com"] }, "on"] },
  "an operator that does not exist": { nope: [1] },
  "a variant that does not exist": { if: [{ var: "beta" }, "none", "on"] },
  "a list": [{ var: "beta" }],
  "buckets of some only": {
    if: [
      { var: "beta" },
      {
        fractional: [
          ["on", 50],
          ["off", 50],
        ],
      },
      "off",
    ],
  },
};

describe.each(Object.entries(rules))("flags that share a rule with %s", (_, rule) => {
  test.each([false, true])("answer and report as if each had its own, all at once: %p", (bulk) => {
    expect(answers(rule, true, bulk, contexts)).toEqual(answers(rule, false, bulk, contexts));
  });
});

test("a rule that does not ask for its flag runs once in an evaluation of many", () => {
  let runs = 0;
  const options = { now: Date.now, report: () => {} };
  const run = (data: unknown) => {
    runs++;
    return (data as JsonObject).beta;
  };
  const rule = new SharedRule({}, { ...options, compile: () => ({ run, observesFlagd: false }) });
  const bulk = {};
  for (const key of keys) expect(rule.run(key, { beta: true }, bulk)).toBe(true);
  expect(runs).toBe(1);
  // Another one has another context.
  expect(rule.run("flag-0", { beta: false }, {})).toBe(false);
  expect(rule.run("flag-0", { beta: false }, undefined)).toBe(false);
  expect(runs).toBe(3);
});

test("equal targeting gives the same rule, and other targeting another one", () => {
  const shared = new SharedRules();
  const of = (source: Json) =>
    shared.get(
      source,
      () =>
        new SharedRule(source, {
          now: Date.now,
          report: () => {},
          compile: () => ({ run: () => null, observesFlagd: false }),
        }),
    );
  const rule = of({ if: [{ var: "beta" }, "on"] });
  expect(of({ if: [{ var: "beta" }, "on"] })).toBe(rule);
  expect(of({ if: [{ var: "beta" }, "off"] })).not.toBe(rule);
});
