import { expect, test } from "bun:test";
import { findingsReference } from "../../../scripts/findings-reference.ts";

test("docs/reference/findings.md is what the table of findings says (scripts/generate-docs.ts)", async () => {
  expect(await Bun.file("docs/reference/findings.md").text()).toBe(findingsReference());
});
