import { expect, test } from "bun:test";
import { operatorsReference } from "../../../scripts/operators-reference.ts";
import { operators } from "../../../src/evaluation/operators/table.ts";
import { checkTargeting } from "../../../src/evaluation/rule/check.ts";
import { FindingList } from "../../../src/flags/findings.ts";
import { runRule } from "../evaluation/rules.ts";

test("docs/reference/operators.md is what the table of operators says (scripts/generate-docs.ts)", async () => {
  expect(await Bun.file("docs/reference/operators.md").text()).toBe(operatorsReference());
});

test.each([...operators])(
  "the example of %s uses it, gives no warning and does not fail",
  (name, operator) => {
    const { example } = operator;
    expect(Object.keys(example as object)).toEqual([name]);
    const warnings = new FindingList();
    checkTargeting(example, [], {
      shared: new Set(),
      flag: undefined,
      warnings,
      information: undefined,
    });
    expect(warnings.toArray()).toEqual([]);
    runRule(example, {
      email: "ann.lee@example.com",
      targetingKey: "u",
      scores: [1, 2],
      version: "2.1.0",
    });
  },
);
