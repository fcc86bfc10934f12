import { describe, expect, test } from "bun:test";
import type { Json } from "../../../../src/core/json.ts";
import { atOnce } from "../../../../src/core/turns.ts";
import { resolveAll } from "../../../../src/evaluation/resolve.ts";
import { evaluationLimits } from "../../../../src/evaluation/rule/budget.ts";
import { stepsTo } from "../../../support/steps.ts";
import { prepare } from "../definitions.ts";

/** A rule whose value doubles at each element of a list, so many times that nothing else gets slow. */
const doubling = (step: Json, steps: number): Json => ({
  reduce: [Array.from({ length: steps }, (_, i) => i), step, ["some", "text"]],
});
const accumulator = { var: "accumulator" };
const twice = [accumulator, accumulator];

function evaluate(targeting: Json, context: Record<string, Json> = {}) {
  const reports: string[][] = [];
  const outcome = prepare({ targeting }, reports).evaluate(context);
  return { code: outcome.errorCode, reports };
}

/** Over a list or text of this length, an operator that reads all of it costs more than is granted. */
const long = 20 * evaluationLimits.steps;

describe("beyond its budget an evaluation is a PARSE_ERROR and says so", () => {
  test.each<[string, Json, Record<string, Json>]>([
    ["text that doubles", doubling({ cat: twice }, 22), {}],
    ["a list that doubles", doubling({ merge: twice }, 18), {}],
    ["the text of a list that holds itself twice", { cat: doubling(twice, 18) }, {}],
    ["a result that holds itself twice", doubling(twice, 18), {}],
    ["a list that holds itself twice, compared", { "==": [doubling(twice, 18), "x"] }, {}],
    ["the same, ordered", { "<": [doubling(twice, 18), "x"] }, {}],
    ["the same, calculated with", { "-": [doubling(twice, 18), 1] }, {}],
    ["the same, added", { "+": [doubling(twice, 18), 1] }, {}],
    ["the same, as a path", { var: doubling(twice, 18) }, {}],
    ["the same, looked for in a text", { in: [doubling(twice, 18), "text"] }, {}],
    [
      "lists within lists",
      { map: [{ var: "l" }, { map: [{ var: "l" }, { "+": [{ var: "" }, 1] }] }] },
      { l: Array.from({ length: 400 }, () => ({ l: Array.from({ length: 400 }, () => 1) })) },
    ],
    ...["map", "filter", "some", "none", "all"].map(
      (name): [string, Json, Record<string, Json>] => [
        `${name} over a client's list`,
        { [name]: [{ var: "list" }, { "==": [{ var: "" }, name === "all" ? 0 : 1] }] },
        { list: Array(evaluationLimits.steps).fill(0) },
      ],
    ),
    [
      "reduce over a client's list",
      { reduce: [{ var: "list" }, accumulator, 0] },
      { list: Array(evaluationLimits.steps).fill(0) },
    ],
    [
      "a client's list to be searched",
      { in: ["x", { var: "list" }] },
      { list: Array(long).fill(0) },
    ],
    [
      "missing with a client's list",
      { missing: { var: "list" } },
      { list: Array(long / 10).fill("a") },
    ],
    ["a client's text", { cat: [{ var: "text" }, "x"] }, { text: "x".repeat(long) }],
    [
      "a client's text in a client's text",
      { in: [{ var: "text" }, { var: "text" }] },
      { text: "x".repeat(long / 100) },
    ],
    ["substr of a client's text", { substr: [{ var: "text" }, 1] }, { text: "x".repeat(long) }],
    [
      "two long texts compared",
      { "==": [{ var: "text" }, { var: "same" }] },
      { text: "x".repeat(long), same: "x".repeat(long) },
    ],
    [
      "two long texts compared strictly",
      { "===": [{ var: "text" }, { var: "same" }] },
      { text: "x".repeat(long), same: "x".repeat(long) },
    ],
    [
      "a text that starts with a long one",
      { starts_with: [{ var: "text" }, { var: "text" }] },
      { text: "x".repeat(long) },
    ],
    [
      "a long text to bucket by",
      { fractional: [{ var: "text" }, ["on"], ["off"]] },
      { text: "x".repeat(long) },
    ],
    ["a long targetingKey", { fractional: [["on"], ["off"]] }, { targetingKey: "x".repeat(long) }],
    [
      "a client's arms",
      { fractional: { var: "arms" } },
      { targetingKey: "u", arms: Array(evaluationLimits.steps + 1).fill(["on"]) },
    ],
    ["a client's path", { var: { var: "text" } }, { text: ".".repeat(long) }],
  ])("%s", (_, targeting, context) => {
    const { code, reports } = evaluate(targeting, context);
    expect(code).toBe("PARSE_ERROR");
    expect(reports.at(-1)?.[0]).toBe("warn");
    expect(reports.at(-1)?.[2]).toContain(`more than ${evaluationLimits.steps} steps`);
  });
});

test("a rule with too many operations is a PARSE_ERROR and was told of when it was compiled", () => {
  const targeting = {
    or: Array.from({ length: evaluationLimits.operations }, () => ({ "!": [1] })),
  };
  const { code, reports } = evaluate(targeting);
  expect(code).toBe("PARSE_ERROR");
  expect(reports[0]).toEqual(["warn", "f", expect.stringContaining("operations")]);
});

describe("within its budget", () => {
  test("is a rule that runs all of its many operations", () => {
    const targeting = { or: [...Array.from({ length: 30_000 }, () => ({ "!": [1] })), "on"] };
    expect(evaluate(targeting).code).toBeUndefined();
  });

  test("are lists of thousands and texts of megabytes", () => {
    const list = Array.from({ length: 10_000 }, (_, i) => `user-${i}`);
    const some = { some: [{ var: "list" }, { "==": [{ var: "" }, "user-9999"] }] };
    expect(evaluate({ if: [some, "on"] }, { list }).code).toBeUndefined();
    const text = "x".repeat(1_000_000);
    expect(evaluate({ if: [{ in: ["y", { var: "text" }] }, "on"] }, { text }).code).toBeUndefined();
  });

  test("every evaluation has the whole budget", () => {
    const flag = prepare({ targeting: { some: [{ var: "list" }, { "==": [{ var: "" }, 1] }] } });
    const list = Array(evaluationLimits.steps / 5).fill(0);
    for (let i = 0; i < 20; i++) expect(flag.evaluate({ list }).errorCode).toBe("GENERAL");
  });
});

test("the flags of a bulk evaluation share a budget, which rules that do not grow do not need", () => {
  const growing = { if: [{ some: [{ var: "list" }, { "==": [{ var: "" }, 1] }] }, "on", "off"] };
  const flags = Array.from({ length: 40 }, (_, i) =>
    prepare({ key: `f${i}`, targeting: i % 2 ? growing : { if: [{ var: "list" }, "on"] } }),
  );
  const context = { list: Array(evaluationLimits.steps / 4).fill(0) };
  const codes: (string | undefined)[] = [];
  const view = {
    flags: new Map(),
    maxFlags: flags.length,
    ordered: stepsTo(flags),
    reflection: {},
  };
  atOnce(resolveAll(view, context, (_, outcome) => codes.push(outcome.errorCode)));
  expect(codes.filter((_, i) => i % 2 === 0)).toEqual(Array(20).fill(undefined));
  const counted = codes.filter((_, i) => i % 2 === 1);
  expect(counted[0]).toBeUndefined();
  expect(counted.at(-1)).toBe("PARSE_ERROR");
});
