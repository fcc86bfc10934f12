import { expect, test } from "bun:test";
import { editYaml } from "../../../src/core/yaml-edit.ts";

const text = `# flags of the shop
flags:
  # seasonal
  banner:
    state: ENABLED
    variants: { calm: 0644, loud: 1_000 }
    defaultVariant: calm
`;

test("comments and the notation of other scalars stay", () => {
  expect(editYaml(text, ["flags", "banner", "defaultVariant"], "loud")).toBe(
    text.replace("defaultVariant: calm", "defaultVariant: loud"),
  );
  expect(editYaml(text, ["flags", "banner", "state"], undefined)).toBe(
    text.replace("    state: ENABLED\n", ""),
  );
});

test("objects are added", () => {
  const edited = editYaml(text, ["flags", "new"], {
    state: "ENABLED",
    variants: { a: 1, b: true },
  });
  expect(Bun.YAML.parse(edited)).toMatchObject({
    flags: { new: { state: "ENABLED", variants: { a: 1, b: true } } },
  });
  expect(edited).toStartWith(text);
});

test("what is no YAML is refused", () => {
  expect(() => editYaml("a: [", ["a"], 1)).toThrow();
});
