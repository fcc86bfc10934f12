import { expect, test } from "bun:test";
import { pageIsServed } from "../../../src/runtime/page.ts";

test.each([
  ["auto", undefined, false],
  ["auto", "0.0.0.0", false],
  ["auto", "127.0.0.1", true],
  ["auto", "::1", true],
  ["on", undefined, true],
  ["off", "127.0.0.1", false],
] as const)("--page %s on the host %p: %p", (rule, host, served) => {
  expect(pageIsServed(rule, host)).toBe(served);
});
