import { describe, expect, test } from "bun:test";
import type { Problem } from "../../../src/flags/model.ts";
import { accepted, plain, rejected } from "./support.ts";

/** Warnings of one flag `a`, with the paths below it. */
function warningsOf(flag: unknown): readonly Problem[] {
  return accepted({ flags: { a: flag } }).warnings.map(({ path, reason }) => ({
    path: path.replace("$.flags.a", ""),
    reason,
  }));
}
/** Of variants that a rule without `if` can give, too. */
const warned = (targeting: unknown) =>
  warningsOf({
    ...plain,
    variants: { on: true, off: false, true: true, false: false },
    targeting,
  });

describe("departures from the schema are warnings", () => {
  test.each([
    [{ variants: { on: true } }, "", 'the member "state" is missing'],
    [{ ...plain, state: "disabled" }, ".state", 'unknown state "disabled"'],
    [{ state: "ENABLED" }, "", 'the member "variants" is missing'],
    [{ state: "ENABLED", variants: {} }, ".variants", "at least one variant"],
    [{ state: "ENABLED", variants: { a: 1, b: "x" } }, ".variants.b", "have the same type"],
    [{ state: "ENABLED", variants: { a: [1] } }, ".variants.a", "found an array"],
    [{ state: "ENABLED", variants: { a: null } }, ".variants.a", "found null"],
    [{ state: "ENABLED", variants: { "": 1 } }, ".variants", "empty name"],
    [{ ...plain, metadata: { a: [1] } }, ".metadata.a", "found an array"],
    [{ ...plain, metadata: { a: null } }, ".metadata.a", "found null"],
    [{ ...plain, targeting: null }, ".targeting", "targeting must be an object, found null"],
    [{ ...plain, targeting: "on" }, ".targeting", "targeting must be an object, found a string"],
  ])("%j", (flag, path, reason) => {
    const warnings = warningsOf(flag);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.path).toBe(path);
    expect(warnings[0]?.reason).toContain(reason);
  });

  test("a strict reader rejects for them, after the problems", () => {
    const flags = { a: { ...plain, state: "on" }, b: { ...plain, state: 1 } };
    expect(rejected({ flags }, "json", true).map((problem) => problem.path)).toEqual([
      "$.flags.b.state",
      "$.flags.a.state",
    ]);
    expect(rejected({ flags }).map((problem) => problem.path)).toEqual(["$.flags.b.state"]);
  });

  test.each([
    [{ flags: {}, Flags: {} }, "$.Flags", '"flags"'],
    [{ flags: {}, $Evaluators: {} }, "$.$Evaluators", '"$evaluators"'],
    [
      { flags: { a: { ...plain, defaultvariant: "x" } } },
      "$.flags.a.defaultvariant",
      '"defaultVariant"',
    ],
    [{ flags: { a: { ...plain, Targeting: {} } } }, "$.flags.a.Targeting", '"targeting"'],
  ])("a name in other case names the right one: %j", (document, path, right) => {
    expect(accepted(document).warnings).toEqual([
      { path, reason: `this member is ignored, rename it to ${right}` },
    ]);
  });

  test("members without meaning are welcome", () => {
    const document = { $schema: "s", x: { $ref: 1 }, flags: { a: { ...plain, owner: 1 } } };
    expect(accepted(document).warnings).toEqual([]);
  });
});

describe("targeting", () => {
  test.each([
    [{}],
    [{ if: [{ "==": [{ var: "a" }, 1] }, "on", { "<": [1, { var: ["b", 2] }, 3] }, "off", null] }],
    [{ "!": { var: "x" } }],
    [{ and: { var: "list" } }],
    [{ fractional: [{ var: "email" }, ["on", 50], ["off", 50]] }],
    [{ fractional: [["on"], ["off", { var: "weight" }]] }],
    [{ sem_ver: [{ var: "v" }, ">=", "1.0.0"] }],
    [{ starts_with: [{ var: "v" }, "x"] }],
    [{ reduce: [{ var: "l" }, { "+": [{ var: "current" }, { var: "accumulator" }] }, 0] }],
    [{ var: "$flagd.timestamp" }],
  ])("%j is fine", (targeting) => {
    expect(warned(targeting)).toEqual([]);
  });

  test.each([
    [{ if: [{ starts_wiht: ["a", "b"] }, "on"] }, ".if[0].starts_wiht", "unknown operator"],
    [{ "==": [1] }, '["=="]', "takes 2 arguments, found 1"],
    [{ "<": [1, 2, 3, 4] }, '["<"]', "takes 2 to 3 arguments, found 4"],
    [{ if: ["on"] }, ".if", "takes at least 2 arguments, found 1"],
    [{ in: "x" }, ".in", "expected an array of arguments, found a string"],
    [{ if: [{ a: 1, b: 2 }, "on"] }, ".if[0]", "an operation has exactly one member, found 2"],
    [{ var: "$flagd.nope" }, ".var", "does not exist"],
    [{ sem_ver: ["1.0.0", "==", "1.0.0"] }, ".sem_ver", "one of ="],
    [{ ends_with: [{ var: "v" }, 5] }, ".ends_with", "expected strings, found a number"],
    [{ fractional: [["on", 50], "off"] }, ".fractional[1]", 'expected ["variant", weight]'],
    [{ fractional: ["seed", ["on", 1.5]] }, ".fractional[1]", "must be a whole number"],
    [{ fractional: [["on", -1]] }, ".fractional[0]", "must be a whole number"],
  ])("%j warns", (targeting, path, reason) => {
    const warnings = warned(targeting);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.path).toBe(`.targeting${path}`);
    expect(warnings[0]?.reason).toContain(reason);
  });

  test("an evaluator's mistake is told once, where it is written", () => {
    const flags = Object.fromEntries(
      ["a", "b", "c"].map((key) => [key, { ...plain, targeting: { $ref: "r" } }]),
    );
    const { warnings } = accepted({ $evaluators: { r: { bogus: 1 } }, flags });
    expect(warnings.map((warning) => warning.path)).toEqual(["$.$evaluators.r.bogus"]);
  });
});
