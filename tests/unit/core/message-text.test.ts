import { expect, test } from "bun:test";
import { preview } from "../../../src/core/message-text.ts";

test.each<[unknown, string]>([
  [null, "null"],
  [undefined, "null"],
  [Number.NaN, "NaN"],
  ["a\u001b[31m\u202e", '"a\\u001b[31m\\u202e"'],
  [{ a: [1, "x"], b: {} }, '{"a": [1, "x"], "b": {}}'],
  [[], "[]"],
])("%p", (value, text) => expect(preview(value)).toBe(text));

test("what is long is cut", () => {
  expect(preview("x".repeat(1_000_000), 10)).toBe('"xxxxxxxx…');
  expect(preview(Array(1_000_000).fill(1), 10)).toBe("[1, 1, 1,…");
});

test("a value that holds another many times over takes no time", () => {
  let value: unknown = ["x"];
  for (let i = 0; i < 100; i++) value = [value, value];
  expect(preview(value, 50).length).toBeLessThanOrEqual(110);
  let wide: unknown = [];
  for (let i = 0; i < 100; i++) wide = { a: wide, b: wide };
  expect(preview(wide, 50)).toHaveLength(50);
});
