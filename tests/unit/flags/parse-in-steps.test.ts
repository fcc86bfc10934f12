import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Json } from "../../../src/core/json.ts";
import { atOnce } from "../../../src/core/turns.ts";
import { canonicalJson } from "../../../src/flags/canonical.ts";
import { parseInSteps } from "../../../src/flags/parse-in-steps.ts";

const awkward = fc.constantFrom<Json>(
  "",
  "\\",
  '"',
  '\\"',
  "[,]",
  "{}",
  "x".repeat(20_000),
  `\\"${'"'.repeat(20_000)}`,
  [],
  {},
  Array.from({ length: 9_000 }, (_, i) => i),
  Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`name ${i}`, [i, `"${i}"`]])),
);

const values = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    awkward,
    fc.jsonValue() as fc.Arbitrary<Json>,
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constant("__proto__")), tie("value"), { maxKeys: 5 }),
  ),
})).value;

test("parsing in steps gives what JSON.parse gives", () => {
  fc.assert(
    fc.property(values, (value) => {
      const text = canonicalJson(value);
      expect(atOnce(parseInSteps(text))).toStrictEqual(JSON.parse(text));
    }),
    { numRuns: 300 },
  );
});

test("there are many steps, also in a value that is deep", () => {
  const list = Array.from({ length: 20_000 }, (_, i) => `person ${i}`);
  let deep: Json = list;
  for (let i = 0; i < 900; i++) deep = { if: [{ "==": [{ var: "name" }, `${i}`] }, "on", deep] };
  for (const value of [list, deep]) {
    const text = canonicalJson(value);
    expect([...parseInSteps(text)].length).toBeGreaterThanOrEqual(40);
    expect(atOnce(parseInSteps(text))).toEqual(JSON.parse(text));
  }
});

test("a member named __proto__ is a member", () => {
  const value = atOnce(parseInSteps('{"__proto__":[1],"a":{"__proto__":1}}')) as object;
  expect(Object.keys(value)).toEqual(["__proto__", "a"]);
});
