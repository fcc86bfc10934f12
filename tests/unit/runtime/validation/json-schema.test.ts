import { expect, test } from "bun:test";
import { operators } from "../../../../src/evaluation/operators/table.ts";
import { flagDocumentSchema } from "../../../../src/runtime/validation/json-schema.ts";

test("the schema completes every operator, and its references lead to its definitions", () => {
  const schema = flagDocumentSchema() as {
    definitions: Record<string, { properties?: Record<string, unknown> }>;
  };
  const completed = Object.keys(schema.definitions.rule?.properties ?? {});
  expect(completed.sort()).toEqual([...operators.keys(), "$ref"].sort());
  const references = JSON.stringify(schema).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g);
  for (const [, name = ""] of references) expect(schema.definitions[name]).toBeDefined();
});
