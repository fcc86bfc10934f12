import { expect, test } from "bun:test";
import { newTokenLine } from "../../../src/runtime/access.ts";
import { parseTokens } from "../../../src/services/access/token-file.ts";

test("the line of a token is an item of the file's list", () => {
  const line = newTokenLine("checkout", "a-token-of-the-test");
  const token = parseTokens(`tokens:\n${line}\n`).find("a-token-of-the-test");
  expect(token?.name).toBe("checkout");
});

test("a name that is none is refused as such, not as a place in a file", () => {
  expect(() => newTokenLine("two words", "a-token-of-the-test")).toThrow(
    'the name is not 1 to 64 letters, digits, "_", ".", "@" or "-"',
  );
});
