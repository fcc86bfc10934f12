import { expect, test } from "bun:test";
import type { Json, JsonObject } from "../../../../src/core/json.ts";
import { readData } from "../read-data.ts";
import { runRule } from "../rules.ts";

interface Example {
  readonly rule: Json;
  readonly context: JsonObject;
  readonly result: boolean | null;
}

test.each(readData<Example>("affix").map((row) => [JSON.stringify(row), row] as const))(
  "%s",
  (_, { rule, context, result }) => {
    const run = runRule(rule, context);
    expect(run.result).toBe(result);
    const severity = JSON.stringify(rule).includes('"var"') ? "info" : "error";
    expect(run.reports.map(({ severity }) => severity)).toEqual(result === null ? [severity] : []);
  },
);

test.each([
  [{ starts_with: [{ var: "user.email" }, "a"] }, {}, 'no attribute "user.email"'],
  [{ ends_with: [{ var: "email" }, "a"] }, { email: null }, 'no attribute "email"'],
  [{ ends_with: ["a", { var: "end" }] }, {}, 'no attribute "end"'],
  [{ ends_with: [{ var: "email" }, "a"] }, { email: 5 }, 'the attribute "email" is not a text'],
])(
  "%j on %j is no fault of the rule: flag, attribute and operator are named",
  (rule, data, problem) => {
    const { result, reports } = runRule(rule as Json, data);
    expect(result).toBeNull();
    expect(reports).toHaveLength(1);
    expect(reports[0]?.severity).toBe("info");
    expect(reports[0]?.message).toContain('flag "f"');
    expect(reports[0]?.message).toContain(problem);
    expect(reports[0]?.message).toContain(Object.keys(rule)[0] ?? "");
  },
);

test("arguments may come as one list", () => {
  expect(runRule({ ends_with: { var: "both" } }, { both: ["abc", "bc"] }).result).toBe(true);
});
