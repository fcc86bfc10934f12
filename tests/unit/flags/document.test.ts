import { describe, expect, test } from "bun:test";
import { checkTargeting } from "../../../src/evaluation/rule/check.ts";
import { inspectDocument } from "../../../src/flags/document.ts";
import { type FindingCode, findingTable } from "../../../src/flags/finding-table.ts";
import { formatPath } from "../../../src/flags/findings.ts";
import { accepted, onlyFlag, plain, rejected } from "./support.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("documents without flags", () => {
  test.each(["", " \n\t", "\uFEFF"])("%p is empty and says how to delete all flags", (text) => {
    for (const format of ["json", "yaml", "any"] as const) {
      const [problem] = rejected(text, format);
      expect(problem).toEqual({
        path: "$",
        reason: 'the document is empty; to delete all flags, write {"flags":{}}',
      });
    }
  });

  test.each([
    ["{}", 'the member "flags" is missing; '],
    ['{"Flags":{}}', 'the member "flags" is missing: rename "Flags" to "flags"; '],
    ["null", "found null"],
    ["[]", "found an array"],
    ['"x"', "found a string"],
    ["12", "found a number"],
  ])("%s is rejected", (text, reason) => {
    const [problem] = rejected(text);
    expect(problem?.path).toBe("$");
    expect(problem?.reason).toContain(reason);
    expect(problem?.reason).toContain('{"flags":{}}');
  });

  test.each(['{"flags":null}', '{"flags":{}}', '{"flags":[]}'])("%s has no flags", (text) => {
    expect(accepted(text).keys).toEqual([]);
  });

  test.each(['{"flags":"x"}', '{"flags":5}', '{"flags":true}'])("%s is rejected", (text) => {
    expect(rejected(text)[0]?.path).toBe("$.flags");
  });
});

describe("text", () => {
  test.each([
    ["{bad", "line 1, column 2"],
    ['{"flags":{}} x', "line 1, column 14: text after the end"],
    ['{"flags":{}}\n{"flags":{}}', "line 2, column 1: text after the end"],
    ['/*c*/{"flags":{}}', "JSON does not allow comments"],
    ['{"flags":{},}', "remove the comma"],
    ["{'flags':{}}", "double quotes"],
    ['{"flags":{"a":', "unexpected end of the document"],
  ])("%s is no JSON", (text, reason) => {
    expect(rejected(text)).toHaveLength(text.includes("/*") ? 2 : 1);
    expect(rejected(text)[0]?.reason).toStartWith("not valid JSON at line ");
    expect(rejected(text)[0]?.reason).toContain(reason);
  });

  test("a byte order mark is dropped", () => {
    expect(accepted('\uFEFF{"flags":{}}').keys).toEqual([]);
    expect(accepted(bytes('\uFEFF{"flags":{}}')).keys).toEqual([]);
    expect(accepted(bytes("\uFEFFflags: {}"), "yaml").keys).toEqual([]);
  });

  test("invalid UTF-8 becomes the replacement character", () => {
    const document = bytes('{"flags":{"a?":{"state":"ENABLED"}}}');
    document[document.indexOf(63)] = 0xff;
    expect(accepted(document).keys).toEqual(["a\uFFFD"]);
  });

  test("of duplicate members the last counts", () => {
    const flag = onlyFlag('{"flags":{"a":{"state":"DISABLED"},"a":{"state":"ENABLED"}}}');
    expect(flag.state).toBe("ENABLED");
    expect(accepted('{"flags":{"a":null},"flags":{"b":null}}').keys).toEqual(["b"]);
  });

  test("any format: what begins like JSON is JSON, all else YAML", () => {
    expect(accepted(' {"flags":{}}', "any").keys).toEqual([]);
    expect(accepted("flags:\n  a: {state: ENABLED}", "any").keys).toEqual(["a"]);
    expect(rejected("{flags: {}}", "any")[0]?.reason).toContain("not valid JSON");
    expect(rejected("<html>", "any")[0]?.reason).toContain("found a string");
  });
});

describe("flags", () => {
  test("null is an enabled flag without anything", () => {
    expect(onlyFlag({ flags: { a: null } })).toEqual({
      key: "a",
      state: "",
      variants: undefined,
      defaultVariant: undefined,
      targeting: undefined,
      metadata: undefined,
      flagSetId: undefined,
    });
  });

  test.each([
    [{ state: 1 }, "state", 'expected a string, found a number: write "ENABLED" or "DISABLED"'],
    [{ variants: [] }, "variants", "expected an object, found an array"],
    [
      { defaultVariant: 5 },
      "defaultVariant",
      "expected a string, found a number: write the name of a variant in quotes",
    ],
    [{ metadata: [] }, "metadata", "expected an object, found an array"],
    [{ source: {} }, "source", "expected a string, found an object"],
    [{ key: 7 }, "key", "expected a string, found a number"],
  ])("%j rejects the document", (flag, member, reason) => {
    expect(rejected({ flags: { good: plain, bad: flag } })).toEqual([
      { path: `$.flags.bad.${member}`, reason },
    ]);
  });

  test.each([["x"], [[]], [5], [true]])("a flag that is %j rejects the document", (flag) => {
    expect(rejected({ flags: { a: flag } })[0]?.path).toBe("$.flags.a");
    expect(rejected({ flags: [flag] })[0]?.path).toBe("$.flags[0]");
  });

  test.each(["ENABLED", "DISABLED"])("a default that is no variant rejects, %s", (state) => {
    const bad = { state, variants: { a: 1, b: 2 }, defaultVariant: "zz" };
    expect(rejected({ flags: { good: plain, bad } })).toEqual([
      {
        path: "$.flags.bad.defaultVariant",
        reason: '"zz" is not a variant of flag "bad": use one of "a", "b", or null',
      },
    ]);
  });

  test.each([undefined, null, ""])("a default of %j is none", (defaultVariant) => {
    expect(onlyFlag({ flags: { a: { ...plain, defaultVariant } } }).defaultVariant).toBeUndefined();
  });

  test.each([[null], [{}], ["on"], [[1]], [{ if: [1, 2, 3] }]])(
    "targeting %j is kept",
    (targeting) => {
      expect(onlyFlag({ flags: { a: { ...plain, targeting } } }).targeting).toEqual(targeting);
    },
  );

  test("variants are in byte order", () => {
    const variants = { b: 1, "10": 2, "9": 3, "\u{1F600}": 4, "\uFFFD": 5, a: 6 };
    const names = [...(onlyFlag({ flags: { a: { variants } } }).variants?.keys() ?? [])];
    expect(names).toEqual(["10", "9", "a", "b", "\uFFFD", "\u{1F600}"]);
  });

  test("an empty key is left out, with a warning", () => {
    const { keys, warnings } = accepted({ flags: { "": plain, a: plain } });
    expect(keys).toEqual(["a"]);
    expect(warnings).toEqual([{ path: "$.flags", reason: "a flag with an empty key is ignored" }]);
  });

  test("__proto__ is a key, a variant and a metadata name like any other", () => {
    const flag = onlyFlag(
      `{"metadata":{"__proto__":"m"},"$evaluators":{"__proto__":{"!":[1]}},
        "flags":{"__proto__":{"variants":{"__proto__":{"__proto__":{"polluted":true}}},
        "targeting":{"__proto__":[{"$ref":"__proto__"}]}}}}`,
    );
    expect(flag.key).toBe("__proto__");
    expect(JSON.stringify(flag.metadata)).toBe('{"__proto__":"m"}');
    expect(JSON.stringify(flag.targeting)).toBe('{"__proto__":[{"!":[1]}]}');
    expect(JSON.stringify(flag.variants?.get("__proto__"))).toBe('{"__proto__":{"polluted":true}}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe("the array form", () => {
  test("leaves out, with a warning, null elements and flags without key", () => {
    const flags = [null, plain, { ...plain, key: "" }, { ...plain, key: "a" }];
    const { keys, warnings } = accepted({ flags });
    expect(keys).toEqual(["a"]);
    expect(warnings.map((warning) => warning.path)).toEqual(
      expect.arrayContaining(["$.flags[0]", "$.flags[1]", "$.flags[2]"]),
    );
  });

  test("of the same key in the same set the last counts", () => {
    const flags = [
      { ...plain, key: "a", state: "DISABLED" },
      { ...plain, key: "a" },
    ];
    expect(onlyFlag({ flags }).state).toBe("ENABLED");
  });

  test("keeps the same key in different sets", () => {
    const inSet = (flagSetId?: string | null) => ({ ...plain, key: "a", metadata: { flagSetId } });
    const { flagSet } = accepted({ flags: [inSet("s1"), inSet("s2"), inSet(null)] });
    expect(flagSet.flags.map((flag) => flag.flagSetId)).toEqual(["s1", "s2", undefined]);
  });

  test("rejects a key that is no string", () => {
    expect(rejected({ flags: [{ ...plain, key: 5 }] })[0]?.path).toBe("$.flags[0].key");
  });
});

describe("metadata", () => {
  test("of the flag lies over that of the document; null values stay", () => {
    const flag = onlyFlag({
      metadata: { team: "set", nil: null, a: 1 },
      flags: { a: { ...plain, metadata: { own: 1, team: "flag" } } },
    });
    expect(JSON.stringify(flag.metadata)).toBe('{"a":1,"nil":null,"own":1,"team":"flag"}');
  });

  test("is undefined only if neither level has an object", () => {
    expect(onlyFlag({ metadata: null, flags: { a: { metadata: null } } }).metadata).toBeUndefined();
    expect(onlyFlag({ metadata: {}, flags: { a: null } }).metadata).toEqual({});
  });

  test.each([[[]], ["x"], [5]])("of the document that is %j rejects", (metadata) => {
    expect(rejected({ metadata, flags: {} })[0]?.path).toBe("$.metadata");
  });

  test.each([5, null, true])("a flagSetId of %j is no flag set", (flagSetId) => {
    const { flagSet } = accepted({ metadata: { flagSetId }, flags: { a: plain } });
    expect(flagSet.flagSetId).toBeUndefined();
    expect(flagSet.flags[0]?.flagSetId).toBeUndefined();
  });

  test("an empty flagSetId keeps a flag out, with a warning", () => {
    const { keys, warnings } = accepted({
      metadata: { flagSetId: "" },
      flags: { out: plain, stays: { ...plain, metadata: { flagSetId: "s" } } },
    });
    expect(keys).toEqual(["stays"]);
    expect(warnings.map((warning) => warning.path)).toEqual(["$.metadata.flagSetId"]);
  });

  test("the flag's own flagSetId counts, even null", () => {
    const flags = { a: { ...plain, metadata: { flagSetId: null } }, b: plain };
    const { flagSet } = accepted({ metadata: { flagSetId: "s" }, flags });
    expect(flagSet.flagSetId).toBe("s");
    expect(flagSet.flags.map((flag) => flag.flagSetId)).toEqual([undefined, "s"]);
  });
});

describe("problems", () => {
  test("are reported all at once, in the document's order", () => {
    const flags = { a: { state: 1 }, b: { defaultVariant: "x" }, "c d": 5 };
    expect(rejected({ flags }).map((problem) => problem.path)).toEqual([
      "$.flags.a.state",
      "$.flags.b.defaultVariant",
      '$.flags["c d"]',
    ]);
  });

  test("are bounded in number and length", () => {
    const flags = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [`${"k".repeat(5000)}${i}`, { state: 1 }]),
    );
    const problems = rejected({ flags });
    expect(problems).toHaveLength(51);
    expect(problems.at(-1)).toEqual({ path: "$", reason: "and 950 more" });
    for (const { path, reason } of problems) expect(path.length + reason.length).toBeLessThan(600);
  });

  test("a number that no double holds is one", () => {
    expect(rejected('{"flags":{"a":{"variants":{"x":[1,1e999]}}}}')[0]?.path).toBe(
      "$.flags.a.variants.x[1]",
    );
  });

  test("nesting is bounded, whatever the text", () => {
    const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
    const document = (levels: number) => `{"flags":{"a":{"variants":{"x":${deep(levels)}}}}}`;
    expect(accepted(document(900)).keys).toEqual(["a"]);
    expect(rejected(document(100_000))[0]?.reason).toContain("nested more than 1000 levels");
    expect(rejected("[".repeat(100_000))[0]?.reason).toContain("unexpected end of the document");
    expect(rejected(`flags: ${deep(10_000)}`, "yaml").length).toBeGreaterThan(0);
  });
});

test("variants and metadata come in byte order at every depth", () => {
  const unordered = { z: [{ é: 1, b: { y: 1, __x: 2 } }], a: 1 };
  const ordered = '{"a":1,"z":[{"b":{"__x":2,"y":1},"é":1}]}';
  const { variants, metadata } = onlyFlag({
    flags: { a: { ...plain, variants: { on: unordered }, metadata: { unordered } } },
  });
  expect(JSON.stringify(variants?.get("on"))).toBe(ordered);
  expect(JSON.stringify(metadata)).toBe(`{"unordered":${ordered}}`);
});

test("a member named __proto__ stays one if members are put in order", () => {
  const variant = '{"b":1,"__proto__":{"z":1,"a":2}}';
  const { variants } = onlyFlag(
    `{"flags":{"a":{"state":"ENABLED","variants":{"on":${variant}},"defaultVariant":"on"}}}`,
  );
  expect(JSON.stringify(variants?.get("on"))).toBe('{"__proto__":{"a":2,"z":1},"b":1}');
});

const found = (text: string, format: "any" | "yaml" = "any") =>
  inspectDocument(text, { format, checkTargeting }).findings.map(
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
  [
    "portable-yaml-boolean",
    'flags:\n  a:\n    state: ENABLED\n    variants:\n      ›on: true\n      off: false\n    defaultVariant: "off"',
    '"on" without quotes (and 1 more like it) is a boolean to kubectl',
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
    '"1.2.x" is no version, so this gives null: write one such as "1.2.3", and for a range two comparisons',
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
    rule('{ "if": [{ "==": ["plan", "pro"] }, ›"on", "off"] }'),
    'reads no attribute, as {"var": NAME} does, and never holds',
  ],
  [
    "unknown-operator",
    rule('{ "if": [{ ›"matches": [{ "var": "a" }, ".*"] }, "on"] }'),
    "no regular expressions",
  ],
  [
    "argument",
    rule('{ "if": [{ "in": [›["a", "b"], { "var": "plan" }] }, "on"] }'),
    "the list is the second argument",
  ],
  ["argument", rule('{ "fractional": [›["on", "10%"], ["off", 90]] }'), 'found "10%"'],
  ["argument", rule('{ ›"fractional": { "on": 10, "off": 90 } }'), '[["variant", weight], …]'],
  ["syntax", '{ "flags": {}\n ›"metadata": {} }', "add a comma before it"],
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
    "portable-missing",
    rule(
      '{ "and": [{ "some": [{ "var": "tags" }, { "<": [{ "var": "n" }, 2] }] }, { ›"<": [{ "var": "age" }, 18] }] }',
    ),
    '"age"',
  ],
  [
    "portable-text-order",
    rule('{ "if": [{ ›"<": ["2026-01-01", { "cat": [{ "var": "d" }] }] }, "on"] }'),
    "seconds since 1970",
  ],
  [
    "portable-cat",
    rule('{ "if": [{ "==": [{ "cat": ["a", ›true] }, "atrue"] }, "on"] }'),
    "another text in Python (True), and an error in Go",
  ],
  [
    "portable-cat",
    rule('{ "if": [{ "==": [{ "cat": ["a", ›null] }, "a"] }, "on"] }'),
    "another text in Python (null or None), and an error in Java",
  ],
  [
    "portable-default",
    rule('{ "if": [{ "==": [{ ›"var": ["plan", "free"] }, "free"] }, "on"] }'),
    "panzi",
  ],
  ["portable-truth", rule('{ "if": [›{ "var": "beta" }, "on"] }'), "datalogic-rs"],
  [
    "portable-arithmetic",
    rule('{ "if": [{ "==": [{ ›"%": [{ "var": "id" }, 2] }, 0] }, "on"] }'),
    "ask for it first",
  ],
  [
    "portable-integer",
    '{ "flags": { "a": { "state": "ENABLED",\n "variants": { "on": -2147483648, ›"off": 2147483648 }, "defaultVariant": "on" } } }',
    "TYPE_MISMATCH",
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

  // What is no JSON may be YAML, a name given twice is an error of its syntax, and a large rule takes its parser seconds.
  const ofJson = ["syntax", "duplicate-member", "large-rule"];
  const inYaml = mistakes.filter(([code]) => !ofJson.includes(code));
  test.each(inYaml)("%s, in YAML", (code, source) => {
    const { text, line, column } = marked(source);
    const same = found(text, "yaml").filter((finding) => finding.code === code);
    expect(same).toHaveLength(1);
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
    ["an element of a list", '{ "if": [{ "==": [{ "var": "tags.0" }, "x"] }, "on"] }'],
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
