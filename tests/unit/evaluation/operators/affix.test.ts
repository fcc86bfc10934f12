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
    expect(run.reports.map(({ severity }) => severity)).toEqual(result === null ? ["error"] : []);
  },
);

test("arguments may come as one list", () => {
  expect(runRule({ ends_with: { var: "both" } }, { both: ["abc", "bc"] }).result).toBe(true);
});
