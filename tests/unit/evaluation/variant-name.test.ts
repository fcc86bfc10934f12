import { expect, test } from "bun:test";
import type { Json } from "../../../src/core/json.ts";
import { hasNonFinite, variantName } from "../../../src/evaluation/variant-name.ts";
import { readData } from "./read-data.ts";

test.each(
  readData<{ result: Json; name: string }>("variant-names").map((row) => [row.result, row.name]),
)("%j names the variant %j", (result, name) => {
  expect(variantName(result)).toBe(name);
});

test("undefined in a list is null", () => {
  expect(variantName([undefined, 1])).toBe("[null,1]");
});

test("members are in byte order, nested ones too", () => {
  expect(variantName({ "\u{1f600}": 1, "\uffff": { b: [], a: {} } })).toBe(
    "{\uffff:{a:{},b:[]},\u{1f600}:1}",
  );
});

test("NaN and infinities are found wherever they are", () => {
  for (const result of [Number.NaN, [1, [Number.POSITIVE_INFINITY]], { a: [Number.NaN] }])
    expect(hasNonFinite(result)).toBe(true);
  for (const result of [0, "NaN", null, [1, [null]], { a: [1e300] }])
    expect(hasNonFinite(result)).toBe(false);
});
