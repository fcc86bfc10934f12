import { expect, test } from "bun:test";
import { inOrderOfUse, referenceOf } from "../../../src/flags/evaluator-order.ts";

const order = (evaluators: object) => inOrderOfUse(new Map(Object.entries(evaluators)), 1000);

test("an evaluator comes after those that it uses", () => {
  const [a, b, c] = [{ and: [{ $ref: "b" }, { $ref: "c" }] }, { "!": { $ref: "c" } }, { var: "x" }];
  expect(order({ a, b, c })).toEqual(["c", "b", "a"]);
  expect(order({ c, b, a })).toEqual(["c", "b", "a"]);
});

test("each comes once, in a circle too, and one that is not defined not at all", () => {
  expect(order({ a: { $ref: "b" }, b: [{ $ref: "a" }, { $ref: "gone" }] })).toEqual(["b", "a"]);
});

test("an object with one member $ref that is a text is a reference", () => {
  expect(referenceOf({ $ref: "a" })).toBe("a");
  for (const value of [{ $ref: 5 }, { $ref: "a", b: 1 }, { a: 1 }, ["$ref"]])
    expect(referenceOf(value)).toBeUndefined();
});
