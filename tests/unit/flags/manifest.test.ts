import { expect, test } from "bun:test";
import { checkTargeting } from "../../../src/evaluation/rule/check.ts";
import { inspectDocument } from "../../../src/flags/document.ts";
import { withoutManifest } from "../../../src/flags/manifest.ts";

const yaml = `apiVersion: core.openfeature.dev/v1beta1
kind: FeatureFlag
metadata:
  name: shop
spec:
  flagSpec:
    flags:
      banner:
        state: ENABLED
        variants: { calm: c, loud: l }
        defaultVariant: calm
        targetting: { if: [true, loud] }
`;
const json = JSON.stringify(
  {
    kind: "FeatureFlag",
    spec: { flagSpec: { flags: { a: { state: "DISABLED" } } } },
  },
  null,
  2,
);

test("what is found in a manifest has its place in the manifest", () => {
  const { flagSet, findings } = inspectDocument(yaml, { format: "any", checkTargeting });
  expect(flagSet?.flags.map(({ key }) => key)).toEqual(["banner"]);
  expect(findings).toMatchObject([
    {
      code: "misspelt-member",
      path: ["spec", "flagSpec", "flags", "banner", "targetting"],
      place: { line: 12, column: 9 },
    },
  ]);
});

test("a member given twice in a manifest is found once, where it is", () => {
  const text = json.replace('"DISABLED"', '"ENABLED",\n            "state": "DISABLED"');
  const { findings } = inspectDocument(text, { format: "any", checkTargeting });
  const twice = findings.filter(({ code }) => code === "duplicate-member");
  expect(twice).toMatchObject([
    { path: ["spec", "flagSpec", "flags", "a", "state"], place: { line: 8 } },
  ]);
});

test("a manifest is found among others, and its lines keep their numbers", () => {
  const text = `kind: Namespace\n---\n${yaml}---\nkind: Deployment\nflags: no\n`;
  const { flagSet, findings } = inspectDocument(text, { format: "any", checkTargeting });
  expect(flagSet?.flags).toHaveLength(1);
  expect(findings).toMatchObject([{ code: "misspelt-member", place: { line: 14, column: 9 } }]);
  expect(withoutManifest({ document: text, format: "any" }).format).toBe("json" as never);
});

test("evaluating takes the document out of a manifest, and leaves others alone", () => {
  const found = withoutManifest({ document: yaml, format: "any" });
  expect(Object.keys(JSON.parse(String(found.document)))).toEqual(["flags"]);
  expect<string>(found.format).toBe("json");
  const other = { document: '{"flags":{"kind":{}}}', format: "any" } as const;
  expect(withoutManifest(other)).toBe(other);
});
