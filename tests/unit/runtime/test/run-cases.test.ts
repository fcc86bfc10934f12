import { describe, expect, test } from "bun:test";
import type { SourceDocument } from "../../../../src/runtime/read-source.ts";
import { parseCases } from "../../../../src/runtime/test/case-file.ts";
import { runCases } from "../../../../src/runtime/test/run-cases.ts";

const document = JSON.stringify({
  metadata: { team: "a" },
  flags: {
    f: {
      variants: { on: { a: 1, b: [2] }, off: null },
      defaultVariant: "off",
      metadata: { owner: "me" },
      targeting: {
        if: [
          { ">=": [{ var: "$flagd.timestamp" }, 1_700_000_000] },
          { if: [{ "==": [{ var: "plan" }, "pro"] }, "on"] },
          { bogus: 1 },
        ],
      },
    },
  },
});
const source: SourceDocument = { name: "s", provider: "file", document, format: "json" };

/** What differs, case by case. */
function run(...tests: object[]) {
  const file = parseCases("cases.json", JSON.stringify({ flags: "flags.json", tests }));
  return runCases(file, [source]).cases.map(({ differences }) =>
    differences.map(({ member, expected, found }) => `${member} ${expected} ${found}`),
  );
}

const pro = { flag: "f", context: { plan: "pro" } };

describe("a case", () => {
  test("passes if all that it expects is so, in any order of members", () => {
    const expect_ = {
      value: { b: [2], a: 1 },
      variant: "on",
      reason: "TARGETING_MATCH",
      errorCode: null,
      metadata: { owner: "me", team: "a" },
    };
    expect(run({ ...pro, expect: expect_ })).toEqual([[]]);
  });

  test("names each member that is different, and nothing that it does not expect", () => {
    expect(
      run(
        { ...pro, expect: { value: { a: 1 }, variant: "off" } },
        { ...pro, expect: { reason: "DEFAULT" } },
        { ...pro, expect: { metadata: { owner: "you", nobody: 1 } } },
      ),
    ).toEqual([
      ['value {"a": 1} {"a": 1, "b": [2]}', 'variant "off" "on"'],
      ['reason "DEFAULT" "TARGETING_MATCH"'],
      ['metadata.owner "you" "me"', "metadata.nobody 1 none"],
    ]);
  });

  test("runs at its time", () => {
    const late = { flag: "f", at: "2023-11-14T22:13:20Z" };
    expect(
      run(
        { ...late, expect: { reason: "DEFAULT", value: null } },
        { ...late, at: 1_699_999_999, expect: { errorCode: "PARSE_ERROR", reason: "ERROR" } },
      ),
    ).toEqual([[], []]);
  });

  test("may be about a flag that does not exist", () => {
    expect(run({ flag: "g", expect: { errorCode: "FLAG_NOT_FOUND", variant: null } })).toEqual([
      [],
    ]);
  });

  test("that fails says why the flag answers so", () => {
    const file = parseCases(
      "cases.json",
      JSON.stringify({ flags: "x", tests: [{ flag: "f", expect: { variant: "on" } }] }),
    );
    expect(runCases(file, [source]).cases[0]).toEqual({
      name: "f {}",
      flag: "f",
      differences: [{ member: "variant", expected: '"on"', found: '"off"' }],
      why: 'the targeting selects nothing (null), and the default variant "off" applies',
    });
  });
});

describe("a file of cases", () => {
  const tests = [{ flag: "f", expect: { value: 1 } }];

  test.each([
    ["flags.json", ["a/b/flags.json"]],
    ["../flags.yaml", ["a/flags.yaml"]],
    ["/etc/flags.json", ["/etc/flags.json"]],
    ["file:flags.json", ["file:flags.json"]],
    ["redis://h/0?key=f", ["redis://h/0?key=f"]],
    ["core.openfeature.dev/ns/name", ["core.openfeature.dev/ns/name"]],
    [
      ["flags.json", "http://h/f"],
      ["a/b/flags.json", "http://h/f"],
    ],
  ])("finds the flags %j beside itself", (flags, expected) => {
    const text = JSON.stringify({ flags, tests });
    expect(parseCases("a/b/cases.json", text).flags).toEqual(expected);
  });

  test("may be YAML", () => {
    const text = "flags: f.json\ntests:\n- flag: f\n  expect: { variant: on }\n";
    // As in a flag document, `on` is a text.
    expect(() => parseCases("c.yaml", text)).not.toThrow();
  });

  test.each([
    ["[]", "c.json: $: expected an object, found an array"],
    ["{", "c.json: not valid JSON at line 1, column 2"],
    [
      { flags: { beta: {} } },
      '$: this is a flag document: name a file of cases, such as {"flags":"c.json","tests":[{"flag":"beta",',
    ],
    [{ tests }, "$.flags: expected the path of a flag document"],
    [{ flags: "f", tests: [] }, "$.tests: expected a list of at least one case"],
    [{ flags: "f", fractional: "v4", tests }, '$.fractional: expected "v2" or "v3"'],
    [{ flags: "f", test: tests }, '$: unknown member "test" (did you mean tests?)'],
    [{ flags: "f", tests: [{ expect: {} }] }, "$.tests[0].flag: expected the key of a flag"],
    [
      { flags: "f", tests: [{ flag: "f" }] },
      "$.tests[0].expect: expected an object, found nothing",
    ],
    [
      { flags: "f", tests: [{ flag: "f", expect: {} }] },
      "$.tests[0].expect: expected at least one of value, variant",
    ],
    [
      { flags: "f", tests: [{ flag: "f", expect: { varient: "on" } }] },
      '$.tests[0].expect: unknown member "varient" (did you mean variant?)',
    ],
    [
      { flags: "f", tests: [{ flag: "f", expect: { reason: "TARGETING" } }] },
      "$.tests[0].expect.reason: expected STATIC, DEFAULT",
    ],
    [
      { flags: "f", tests: [{ flag: "f", at: "noon", expect: { value: 1 } }] },
      "$.tests[0].at: expected Unix seconds",
    ],
    [
      { flags: "f", tests: [{ flag: "f", context: [], expect: { value: 1 } }] },
      "$.tests[0].context: expected an object",
    ],
  ])("%j is refused, with the place", (content, message) => {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    expect(() => parseCases("c.json", text)).toThrow(message);
  });
});
