import { describe, expect, test } from "bun:test";
import { accepted, onlyFlag, rejected } from "./support.ts";

const variantsOf = (yaml: string) =>
  Object.fromEntries(
    onlyFlag(`flags:\n  a:\n    variants: {${yaml}}\n`, "yaml").variants ?? new Map(),
  );

describe("YAML", () => {
  test("keys are strings, and scalars without quotes what Go writes for them", () => {
    expect(variantsOf('on: 1, off: 2, 1: 3, true: 4, 1.10: 5, ~: 6, 0644: 7, "0645": 8')).toEqual({
      on: 1,
      off: 2,
      "1": 3,
      true: 4,
      "1.1": 5,
      "<nil>": 6,
      "420": 7,
      "0645": 8,
    });
  });

  test("numbers are those that Go reads: in values, rules, weights and metadata", () => {
    const flag = onlyFlag(
      `flags:
  a:
    metadata: {build: 1_000}
    variants: {low: 1_000, high: {mask: 0644}, quoted: "0644", tagged: !!str 0644, int: !!int "0b11"}
    targeting:
      if:
        - {">=": [{var: accountAge}, 1_000]}
        - {fractional: [[low, 0b11], [high, 0x_1F]]}
`,
      "yaml",
    );
    expect(Object.fromEntries(flag.variants ?? [])).toEqual({
      low: 1000,
      high: { mask: 420 },
      quoted: "0644",
      tagged: "0644",
      int: 3,
    });
    expect(flag.metadata).toEqual({ build: 1000 });
    expect(accepted("flags: {a: {metadata: {n: !!float 3}}}", "yaml").warnings).toEqual([
      { path: "$.flags.a", reason: expect.stringContaining("state") },
      { path: "$.flags.a", reason: expect.stringContaining("variants") },
    ]);
    expect(flag.targeting).toEqual({
      if: [
        { ">=": [{ var: "accountAge" }, 1000] },
        {
          fractional: [
            ["low", 3],
            ["high", 31],
          ],
        },
      ],
    });
  });

  test("dates are text, with a warning that has the path", () => {
    const warnings = (yaml: string) =>
      accepted(`flags: {a: ${yaml}}`, "yaml").warnings.filter(({ reason }) =>
        reason.includes("date"),
      );
    expect(warnings("{targeting: {<: [{var: d}, 2024-01-02]}}")).toEqual([
      {
        path: '$.flags.a.targeting["<"][1]',
        reason: "the date 2024-01-02 is read as text: write it in quotes",
      },
    ]);
    expect(warnings("{metadata: {2024-01-02: 1}}")[0]?.path).toBe(
      '$.flags.a.metadata["2024-01-02"]',
    );
    expect(warnings("{metadata: {d: '2024-01-02'}}")).toEqual([]);
  });

  test("values follow the core schema of YAML 1.2", () => {
    expect(variantsOf("a: on, b: true, c: 0x10, d: 1e3, e: 2020-01-01, f: ~, g: '5'")).toEqual({
      a: "on",
      b: true,
      c: 16,
      d: 1000,
      e: "2020-01-01",
      f: null,
      g: "5",
    });
  });

  test("anchors and merge keys work, as often as one likes", () => {
    const flags = Array.from({ length: 500 }, (_, i) => `  f${i}: {<<: *base, metadata: *meta}`);
    const yaml = [
      "base: &base {state: DISABLED, variants: {on: true}}",
      "meta: &meta {team: x}",
      "flags:",
      ...flags,
    ].join("\n");
    const { flagSet } = accepted(yaml, "yaml");
    expect(flagSet.flags).toHaveLength(500);
    expect(flagSet.flags[499]).toMatchObject({ state: "DISABLED", metadata: { team: "x" } });
  });

  test("JSON is YAML", () => {
    expect(accepted('{"flags": {"a": {"state": "ENABLED"}}}', "yaml").keys).toEqual(["a"]);
  });

  test("of several documents the first counts", () => {
    expect(accepted("flags: {a: }\n---\nflags: {b: }\n", "yaml").keys).toEqual(["a"]);
  });

  test("references work", () => {
    const yaml = "$evaluators: {r: {var: x}}\nflags: {a: {targeting: {$ref: r}}}";
    expect(onlyFlag(yaml, "yaml").targeting).toEqual({ var: "x" });
  });

  test.each([
    [
      "flags:\n  a: {}\n  a: {}\n",
      'line 3, column 3: "a" was there before (line 2, column 3): keep one of them',
    ],
    ["- flags\n", "found an array"],
    ["# nothing\n", "found null"],
    ["flags: {a: {variants: {x: .nan}}}", "not a finite 64-bit number"],
    ["flags: {a: {variants: {x: -.inf}}}", "not a finite 64-bit number"],
    ["flags: {a: {variants: {x: !!binary aGk=}}}", "not a JSON value"],
    ["flags: [", "line 1"],
    ["flags: *nope", "Unresolved alias"],
    ["flags: {a: {<<: 5}}", "Merge"],
    ["? [a]\n: 1\n", "all keys must be strings"],
  ])("%j is rejected", (yaml, reason) => {
    expect(rejected(yaml, "yaml")[0]?.reason).toContain(reason);
  });

  test("an alias inside what it names is rejected", () => {
    expect(rejected("flags: &f\n  a: {variants: *f}\n", "yaml")[0]).toEqual({
      path: "$.flags.a.variants",
      reason: "the YAML alias is circular",
    });
  });

  test("aliases that expand a short document beyond all bounds are rejected at once", () => {
    const lines = ["x0: &x0 [lol]"];
    for (let i = 1; i < 40; i++) {
      lines.push(
        `x${i}: &x${i} [${Array(9)
          .fill(`*x${i - 1}`)
          .join(", ")}]`,
      );
    }
    const yaml = `${lines.join("\n")}\nflags: {a: {variants: {x: *x39}, targeting: {if: *x39}}}`;
    expect(rejected(yaml, "yaml")[0]?.reason).toContain("aliases expand the document");
  });

  test("a text too long for the parser says to write JSON", () => {
    const [problem] = rejected(`flags: {}\n#${"x".repeat(9_000_000)}`, "yaml");
    expect(problem?.reason).toContain("write large documents as JSON");
  });
});
