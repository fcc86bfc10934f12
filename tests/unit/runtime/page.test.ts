import { expect, test } from "bun:test";
import { pageIsServed } from "../../../src/runtime/page.ts";

test.each([
  ["auto", undefined, undefined, false],
  ["auto", "0.0.0.0", undefined, false],
  ["auto", "127.0.0.1", undefined, true],
  ["auto", "::1", undefined, true],
  ["auto", "0.0.0.0", "tokens.yaml", true],
  ["on", undefined, undefined, true],
  ["off", "127.0.0.1", "tokens.yaml", false],
] as const)("--page %s on the host %p with the tokens of %p: %p", (rule, host, tokens, served) => {
  expect(pageIsServed(rule, host, tokens)).toBe(served);
});
