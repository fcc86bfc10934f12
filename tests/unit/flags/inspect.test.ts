import { describe, expect, test } from "bun:test";
import { checkTargeting } from "../../../src/evaluation/rule/check.ts";
import { inspectDocument } from "../../../src/flags/document.ts";
import { type FindingCode, findingTable } from "../../../src/flags/finding-table.ts";
import { formatPath } from "../../../src/flags/findings.ts";

const found = (text: string) =>
  inspectDocument(text, { format: "any", checkTargeting }).findings.map(
    ({ code, path, place: { line, column }, reason }) => ({
      code,
      path: formatPath(path),
      line,
      column,
      reason,
    }),
  );

/** A document whose only flag has the members; each mark ‹…› is where the finding is. */
function marked(text: string): { text: string; line: number; column: number } {
  const before = text.slice(0, text.indexOf("›")).split("\n");
  return {
    text: text.replace("›", ""),
    line: before.length,
    column: (before.at(-1)?.length ?? 0) + 1,
  };
}

const flag = (rest: string) => `{
  "flags": {
    "a": {
      "state": "ENABLED",
      "variants": { "on": true, "off": false },
      "defaultVariant": "off",
      ${rest}
    }
  }
}`;
const rule = (targeting: string) => flag(`"targeting": ${targeting}`);
const fifty = '{ "fractional": [["on", 50], ["off", 50]] }';

/** A mistake, and what is found at its mark. */
const mistakes: readonly (readonly [FindingCode, string, string])[] = [
  ["syntax", '{\n  "flags": {\n    "a": {}},\n›}', "remove the comma"],
  ["no-flag-document", "›[]", "expected an object"],
  ["type", '{ "flags": {\n ›"a": [] } }', "must be an object"],
  [
    "default-variant",
    '{ "flags": { "a": { "state": "ENABLED", "variants": { "on": 1 },\n ›"defaultVariant": "of" } } }',
    'use one of "on"',
  ],
  ["empty-evaluator", '{ "$evaluators": { ›"e": {} }, "flags": {} }', "write a rule"],
  ["no-json-value", "flags:\n  a: {state: ENABLED, variants: {›on: .inf}}", "not a finite"],
  [
    "limit",
    `{ "flags": { "a": { "state": "ENABLED", "variants": { "on": { "x": ${"[".repeat(996)}›${"[".repeat(104)}${"]".repeat(1100)} } } } } }`,
    "levels deep",
  ],
  ["yaml-date", "flags: {}\nmetadata:\n  ›since: 2026-01-01", "in quotes"],
  ["duplicate-member", flag('"targeting": {},\n      ›"state": "ENABLED"'), "at line 4, column 7"],
  [
    "duplicate-flag",
    '{ "flags": [\n { "key": "a", "state": "ENABLED", "variants": { "on": 1 } },\n ›{ "key": "a", "state": "ENABLED", "variants": { "on": 1 } } ] }',
    '"a" was there before',
  ],
  [
    "similar-keys",
    '{ "flags": { "newUI": { "state": "ENABLED", "variants": { "on": 1 } },\n ›"newui": { "state": "ENABLED", "variants": { "on": 1 } } } }',
    "only in case",
  ],
  ["member-case", flag('›"Targeting": {}'), 'rename it to "targeting"'],
  ["misspelt-member", flag('›"targetting": {}'), 'did you mean "targeting"?'],
  ["misspelt-member", '{ "flags": {},\n ›"evaluators": {} }', 'did you mean "$evaluators"?'],
  [
    "no-key",
    '{ "flags": [\n ›{ "state": "ENABLED", "variants": { "on": 1 } } ] }',
    'without "key"',
  ],
  ["state", '{ "flags": { "a": { ›"state": "enabled", "variants": { "on": 1 } } } }', '"ENABLED"'],
  ["no-variants", '{ "flags": { ›"a": { "state": "ENABLED" } } }', "is missing"],
  [
    "variant-type",
    '{ "flags": { "a": { "state": "ENABLED", "variants": { "on": 1,\n ›"off": "0" } } } }',
    "same type",
  ],
  ["metadata", '{ "flags": {}, "metadata": { ›"a": [] } }', "found an array"],
  ["null-member", '{ "flags": { ›"a": null } }', "found null"],
  [
    "unresolved-reference",
    rule('{ "if": [{ "$ref": "gone" }, "on"] }').replace('{ "$ref"', '›{ "$ref"'),
    "not defined",
  ],
  [
    "unresolved-reference",
    '{ "$evaluators": { "a": { "$ref": "b" },\n "b": { ›"!": { "$ref": "a" } } }, "flags": {} }',
    "circular",
  ],
  ["no-rule", flag('›"targeting": "on"'), "found a string"],
  ["no-operation", rule('{ "if": [›{ "var": "a", "in": [] }, "on"] }'), "exactly one member"],
  ["unknown-operator", rule('{ "if": [{ ›"startsWith": ["a", "b"] }, "on"] }'), "unknown operator"],
  ["arity", rule('{ "if": [{ ›"==": [{ "var": "a" }] }, "on"] }'), "takes 2 arguments"],
  ["argument", rule('{ "if": [{ ›"ends_with": [{ "var": "a" }, 5] }, "on"] }'), "expected strings"],
  [
    "no-version",
    rule('{ "if": [{ "sem_ver": [{ "var": "v" }, ">=", ›"^1.2"] }, "on"] }'),
    "the relation as the second argument",
  ],
  [
    "no-version",
    rule('{ "if": [{ "sem_ver": [{ "var": "v" }, "=", ›"1.2.x"] }, "on"] }'),
    "two comparisons",
  ],
  ["no-weight", rule('{ ›"fractional": [["on", 0], ["off", 0]] }'), "all weights are 0"],
  ["unknown-variant", rule('{ "if": [{ "var": "a" },\n ›"onn"] }'), 'did you mean "on"?'],
  ["unknown-variant", rule(fifty.replace('"off"', '›"of"')), "no variant"],
  ["unknown-variant", flag('›"targeting": { "==": [{ "var": "a" }, 1] }'), 'no variant "true"'],
  [
    "unknown-variant",
    rule('{ "and": [\n ›{ "var": "a" }, "on"] }').replace(
      '{ "var": "a" }',
      '{ "in": [1, { "var": "a" }] }',
    ),
    'no variant "false"',
  ],
  ["equal-branches", rule('{ ›"if": [{ "var": "a" }, "on", "on"] }'), 'every branch gives "on"'],
  [
    "equal-branches",
    rule(`{ ›"if": [{ "var": "a" }, ["on"][0], "on"] }`).replace('["on"][0]', '"on"'),
    "decides nothing",
  ],
  ["unreachable-branch", rule('{ "if": [false, ›"on", "off"] }'), "never holds"],
  ["unreachable-branch", rule('{ "if": [{ "==": [1, 1] }, "on", ›"off"] }'), "always holds"],
  [
    "unreachable-branch",
    rule('{ "if": [{ "var": "a" }, "on", { "var": "b" }, "off", { "var": "a" }, ›"off"] }'),
    "asked before",
  ],
  [
    "unreachable-branch",
    rule('{ "if": [{ "var": "a" }, "on", { "if": [{ "var": "a" }, ›"off", null] }] }'),
    "asked before",
  ],
  [
    "unreachable-branch",
    rule('{ "if": [{ "and": [{ "var": "a" }, { "in": ["x", []] }] }, ›"on", "off"] }'),
    "never holds",
  ],
  [
    "large-rule",
    flag(`›"targeting": { "if": [{ "or": [${'{"var":"a"},'.repeat(100_001)} false] }, "on"] }`),
    "operations",
  ],
  ["ignored-member", flag('›"owner": "x"'), '"metadata"'],
  [
    "unused-evaluator",
    '{ "$evaluators": { ›"e": { "var": "a" } }, "flags": {} }',
    "nothing refers",
  ],
  [
    "unused-variant",
    rule('{ "if": [{ "==": [{ "var": "a" }, 1] }, "off", null] }').replace(
      '"on": true',
      '›"on": true',
    ),
    'can give "on"',
  ],
  [
    "unused-default",
    rule('{ "if": [{ "==": [{ "var": "a" }, 1] }, "on", "off"] }').replace(
      '"defaultVariant"',
      '›"defaultVariant"',
    ),
    "always decides",
  ],
  [
    "no-effect",
    flag('›"targeting": { "if": [{ "==": [{ "var": "a" }, 1] }, "off"] }'),
    "no effect",
  ],
  [
    "portable-missing",
    rule('{ "if": [{ ›"<": [{ "var": "age" }, 18] }, "on"] }'),
    "json-logic-java",
  ],
  [
    "portable-text-order",
    rule('{ "if": [{ ›"<": ["2026-01-01", { "cat": [{ "var": "d" }] }] }, "on"] }'),
    "seconds since 1970",
  ],
  [
    "portable-cat",
    rule('{ "if": [{ "==": [{ "cat": ["a", ›true] }, "atrue"] }, "on"] }'),
    "Python",
  ],
  [
    "portable-default",
    rule('{ "if": [{ "==": [{ ›"var": ["plan", "free"] }, "free"] }, "on"] }'),
    "panzi",
  ],
  ["portable-truth", rule('{ "if": [›{ "var": "beta" }, "on"] }'), "datalogic-rs"],
  [
    "portable-index",
    rule('{ "if": [{ "==": [{ ›"var": "tags.0" }, "x"] }, "on"] }'),
    "Go's jsonlogic",
  ],
  [
    "portable-arithmetic",
    rule('{ "if": [{ "==": [{ ›"%": [{ "var": "id" }, 2] }, 0] }, "on"] }'),
    "ask for it first",
  ],
  [
    "portable-integer",
    rule('{ "if": [{ "==": [{ "var": "id" }, ›4294967296] }, "on"] }'),
    "32 bits",
  ],
  ["portable-bucketing", rule(`{ ›"fractional": [["on", 50], ["off", 50]] }`), "--fractional v3"],
  [
    "portable-bucketing-text",
    rule(
      '{ "fractional": [\n ›{ "cat": ["größe", { "var": "targetingKey" }] }, ["on", 50], ["off", 50]] }',
    ),
    "UTF-16",
  ],
  [
    "portable-version",
    rule('{ "if": [{ "sem_ver": [{ "var": "v" }, ">=", ›"v1.2.0"] }, "on"] }'),
    'write "1.2.0"',
  ],
  [
    "portable-version",
    rule('{ "if": [{ "sem_ver": [{ "var": "v" }, ">=", ›"1.2"] }, "on"] }'),
    'write "1.2.0"',
  ],
];

describe("each mistake is found where it is, with what to write", () => {
  test.each(mistakes)("%s", (code, source, says) => {
    const { text, line, column } = marked(source);
    const same = found(text).filter((finding) => finding.code === code);
    expect(same).toHaveLength(1);
    expect(same[0]?.reason).toContain(says);
    expect(same[0]).toMatchObject({ line, column });
  });

  test("the list has every code", () => {
    const tested = new Set(mistakes.map(([code]) => code));
    const elsewhere = ["shadowed-flag", "yaml-warning"];
    expect(
      Object.keys(findingTable)
        .filter((code) => !tested.has(code as FindingCode))
        .sort(),
    ).toEqual(elsewhere);
  });
});

describe("what is meant is no finding", () => {
  test.each([
    [
      "a guarded comparison",
      '{ "if": [{ "and": [{ "!=": [{ "var": "age" }, null] }, { "<": [{ "var": "age" }, 18] }] }, "on"] }',
    ],
    ["the time", '{ "if": [{ ">": [{ "var": "$flagd.timestamp" }, 1790000000] }, "on"] }'],
    [
      "the same variant for two conditions",
      '{ "if": [{ "==": [{ "var": "a" }, 1] }, "on", { "==": [{ "var": "a" }, 2] }, "on", null] }',
    ],
    [
      "a variant that data name",
      '{ "if": [{ "==": [{ "var": "v" }, "x"] }, "on", { "var": "variant" }] }',
    ],
  ])("%s", (_, targeting) => {
    expect(found(rule(targeting))).toEqual([]);
  });

  test("a flag without targeting has variants for later", () => {
    expect(found(flag('"metadata": {}'))).toEqual([]);
  });
});

test("what an evaluator can return is told where it is used", () => {
  const text = `{
  "$evaluators": { "pick": { "if": [{ "==": [{ "var": "a" }, 1] }, "red", "blue"] } },
  "flags": {
    "a": { "state": "ENABLED", "variants": { "red": 1, "blue": 2 }, "targeting": { "$ref": "pick" } },
    "b": { "state": "ENABLED", "variants": { "red": 1 },
      "targeting": { "$ref": "pick" } }
  }
}`;
  expect(found(text)).toMatchObject([
    { code: "unknown-variant", path: "$.flags.b.targeting", line: 6, column: 7 },
  ]);
});

test("places in YAML are those of names and of elements, behind aliases of the alias", () => {
  const text = `flags:
  a: &a
    state: ENABLED
    variants: {on: true}
    targeting:
      if:
        - {"==": [{var: x}, 1]}
        - onn
  b: *a
`;
  const places = found(text).filter(({ code }) => code === "unknown-variant");
  expect(places).toMatchObject([
    { path: "$.flags.a.targeting.if[1]", line: 8, column: 11 },
    { path: "$.flags.b.targeting.if[1]", line: 9, column: 3 },
  ]);
});
