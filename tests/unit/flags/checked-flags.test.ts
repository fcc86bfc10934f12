import { expect, test } from "bun:test";
import { atOnce } from "../../../src/core/turns.ts";
import { CheckedFlags } from "../../../src/flags/checked-flags.ts";
import { parseDocument } from "../../../src/flags/document.ts";
import type { CheckTargeting } from "../../../src/flags/document-schema.ts";

const flag = (targeting: unknown, state = "ENABLED") => ({
  state,
  variants: { a: 1 },
  defaultVariant: "a",
  targeting,
});

/** Which rules were looked at, and what was found. */
function checking(checked: CheckedFlags) {
  return (document: object) => {
    const seen: string[] = [];
    const checkTargeting: CheckTargeting = (_, path, { warnings }) => {
      seen.push(path.join("."));
      warnings.add("no-rule", path, "as always");
    };
    const text = JSON.stringify(document);
    const parsed = parseDocument(text, { format: "json", strict: false, checkTargeting, checked });
    if (!parsed.ok) throw new Error("rejected");
    return { seen, found: atOnce(parsed.warnings()).map(({ path }) => path) };
  };
}

test("only flags that have changed are checked, and what was found in the others is told again", () => {
  const check = checking(new CheckedFlags());
  const first = check({ flags: { a: flag({ x: 1 }), b: flag({ x: 2 }) } });
  expect(first.seen).toEqual(["flags.a.targeting", "flags.b.targeting"]);
  const again = check({ flags: { a: flag({ x: 1 }), b: flag({ x: 3 }), c: flag({}) } });
  expect(again.seen).toEqual(["flags.b.targeting", "flags.c.targeting"]);
  expect(again.found).toEqual(["a", "b", "c"].map((key) => `$.flags.${key}.targeting`));
  expect(check({ flags: { b: flag({ x: 3 }) } }).seen).toEqual([]);
  expect(check({ flags: { a: flag({ x: 1 }) } }).seen).toEqual(["flags.a.targeting"]);
});

test("a flag changes with the evaluator that it refers to", () => {
  const check = checking(new CheckedFlags());
  const document = (limit: number) => ({
    $evaluators: { adult: { ">": [{ var: "age" }, limit] } },
    flags: { a: flag({ if: [{ $ref: "adult" }, "a", null] }) },
  });
  check(document(18));
  expect(check(document(18)).seen).toEqual(["$evaluators.adult"]);
  expect(check(document(21)).seen).toEqual(["$evaluators.adult", "flags.a.targeting"]);
});
