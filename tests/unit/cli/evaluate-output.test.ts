import { describe, expect, test } from "bun:test";
import { answersText, answerText } from "../../../src/cli/evaluate-output.ts";
import { paletteOf } from "../../../src/cli/io.ts";
import { simulationText } from "../../../src/cli/simulation-text.ts";
import type { Json, JsonObject } from "../../../src/core/json.ts";
import { explain, explanationJson } from "../../../src/evaluation/explain.ts";
import { unknownOrigin } from "../../../src/flags/origin.ts";
import { answerOf } from "../../../src/runtime/evaluate/ask-daemon.ts";
import { define } from "../evaluation/definitions.ts";

const io = { environment: {}, print: async () => {}, complain: async () => {} };
const plain = await paletteOf(io);

function explained(targeting: Json, context: JsonObject = {}) {
  const origin = { ...unknownOrigin, targeting };
  const env = { now: () => 0, fractional: "v2" } as const;
  return explain(define({ targeting }), origin, { ...context }, env);
}

/** The tree alone. */
function tree(targeting: Json, context: JsonObject = {}): string[] {
  const explanation = explained(targeting, context);
  const text = answerText(answerOf(explanation.outcome), explanation, plain);
  return text.trimEnd().split("\n\n")[1]?.split("\n") ?? [];
}

describe("a tree", () => {
  test("names conditions and branches, and what was not reached", () => {
    const rule: Json = {
      if: [
        { "==": [{ var: "a" }, 1] },
        "off",
        { "!": { var: "b" } },
        { or: [{ var: ["c", null] }, "on", "off"] },
        { "+": [1, 2] },
      ],
    };
    expect(tree(rule, { a: 2 })).toEqual([
      'if → "on"',
      "├─ if == → false",
      '│  ├─ var "a" → 2',
      "│  └─ 1",
      '├─ then "off", not reached',
      "├─ else if ! → true",
      '│  └─ var "b" → null',
      '├─ then or → "on" ◀ decides',
      '│  ├─ var "c" → null',
      '│  ├─ "on" ◀ decides',
      '│  └─ "off", not reached',
      "└─ else +, not reached",
    ]);
  });

  test("shows the path of a variable that is computed", () => {
    expect(tree({ var: { cat: ["a", "b"] } }, { ab: "on" })).toEqual([
      'var → "on"',
      '└─ cat → "ab"',
      '   ├─ "a"',
      '   └─ "b"',
    ]);
  });

  test("shows a fractional with its key, its arms and who won", () => {
    expect(tree({ fractional: [{ var: "id" }, ["on", 0], ["off", 2]] }, { id: "x" })).toEqual([
      'fractional → "off"',
      '├─ var "id" → "x"',
      '├─ by "x"',
      expect.stringMatching(/^├─ hash \d+ of 4294967296: bucket [01] of 2$/),
      '├─ "on"     0.0%  no bucket',
      '└─ "off"  100.0%  buckets 0 to 1 ◀ won',
    ]);
  });

  test("of a large rule ends", () => {
    const rule: Json = { if: [{ and: Array(2_000).fill({ "!": [false] }) as Json[] }, "on"] };
    const lines = tree(rule);
    expect(lines.length).toBeLessThan(520);
    expect(lines.at(-1)).toMatch(/^… and \d+ more steps: --json has them$/);
  });

  test("nothing in a flag or a context steers the terminal", () => {
    const nasty = "\u001b[2J\u202e\u0007";
    const explanation = explained(
      { if: [{ "==": [{ var: nasty }, nasty] }, nasty, { [nasty]: nasty }] },
      { [nasty]: nasty },
    );
    const outcome = { ...answerOf(explanation.outcome), key: nasty, metadata: { [nasty]: nasty } };
    const text = answerText(outcome, explanation, plain) + answersText([outcome], plain);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });
});

describe("JSON of an explanation", () => {
  test("has the path, the result and the decision of each step", () => {
    const { targeting, why } = explanationJson(explained({ if: [{ var: "a" }, "on", "off"] }));
    expect(why).toBe('the targeting selects the variant "off"');
    expect(targeting).toEqual({
      path: "targeting",
      operator: "if",
      reached: true,
      result: "off",
      decidedBy: "targeting.if[2]",
      parts: [
        {
          path: "targeting.if[0]",
          operator: "var",
          reached: true,
          result: null,
          parts: [{ path: "targeting.if[0].var", value: "a", reached: false }],
        },
        { path: "targeting.if[1]", value: "on", reached: false },
        { path: "targeting.if[2]", value: "off", reached: true },
      ],
    });
  });

  test("is bounded, and JSON, whatever rules compute", () => {
    const double: Json = { merge: [{ var: "accumulator" }, [{ var: "accumulator" }]] };
    const rule: Json = { "!!": { reduce: [{ var: "list" }, [double, double], ["x"]] } };
    const explanation = explained(rule, { list: Array(30).fill(1) as Json[] });
    expect(JSON.stringify(explanationJson(explanation)).length).toBeLessThan(1_000_000);
    const infinite = explanationJson(explained({ "<": [1, { "/": [1, 0] }] }));
    expect(JSON.stringify(infinite)).toContain('"result":"Infinity"');
  });
});

describe("a simulation", () => {
  const shares = [
    { variant: "on", value: true, errorCode: undefined, count: 9_999 },
    { variant: undefined, value: undefined, errorCode: undefined, count: 1 },
  ];

  test("shows shares, times and who moves", () => {
    const [on, none] = shares as [(typeof shares)[0], (typeof shares)[0]];
    const text = simulationText(
      {
        key: "f",
        keys: 10_000,
        fractional: "v2",
        distribution: shares,
        overTime: [{ time: 1_700_000_000, distribution: shares }],
        otherFractional: undefined,
        against: {
          source: "x.json",
          before: shares,
          after: shares,
          moves: [{ from: none, to: on, count: 7, keys: ["a", "b"] }],
          same: 9_993,
        },
      },
      plain,
    );
    expect(text.split("\n")).toEqual([
      "f for 10000 keys",
      `  on                 9999  >99.9%  ${"█".repeat(30)}`,
      "  caller's default      1   <0.1%",
      "",
      "over time",
      "  2023-11-14T22:13:20Z  on >99.9%  caller's default <0.1%",
      "",
      "x.json instead",
      `  on                 9999  >99.9%  ${"█".repeat(30)}`,
      "  caller's default      1   <0.1%",
      "  7 keys of 10000 (0.1%) get another answer",
      "    caller's default → on  7  a, b, …",
      "",
    ]);
  });
});
