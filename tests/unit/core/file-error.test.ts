import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fileErrorText } from "../../../src/core/file-error.ts";

test.each([
  ["/no/such", "no such file"],
  ["/dev/null/x", "part of the path is not a directory"],
  ["/", "it is a directory"],
])("why %s cannot be read is said in words", (path, words) => {
  let thrown: unknown;
  try {
    readFileSync(path);
  } catch (error) {
    thrown = error;
  }
  expect(fileErrorText(thrown)).toBe(words);
});

test("what has no words here keeps its own", () => {
  expect(fileErrorText(Object.assign(new Error("odd"), { code: "EODD" }))).toBe("odd");
  expect(fileErrorText("gone")).toBe("gone");
});
