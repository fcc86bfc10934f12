import { describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import type { DocumentFormat } from "../../../src/flags/model.ts";
import { rejected } from "./support.ts";

const document = JSON.stringify({ flags: { a: { state: "ENABLED", variants: { on: true } } } });
const manifest = (kind: string) => ({ apiVersion: "core.openfeature.dev/v1beta1", kind, spec: {} });

describe("a document that is something else is told what it looks like and what to do", () => {
  test.each<[string, string | Uint8Array, string]>([
    ["gzip", gzipSync(document), "gzip data: store the document itself"],
    ["zstd", Bun.zstdCompressSync(document), "zstd data: store the document itself"],
    ["UTF-16", Buffer.from(document, "utf16le"), "text in UTF-16"],
    ["base64", Buffer.from(document).toString("base64"), "base64: store the document itself"],
    ["base64 in JSON", JSON.stringify(Buffer.from(document).toString("base64")), "base64"],
    ["gzip in base64", gzipSync(document).toString("base64"), "base64"],
    ["HTML", "<!DOCTYPE html>\n<html><body>Sign in</body></html>", "an HTML page"],
    ["XML", '<?xml version="1.0"?><flags/>', "XML: write the flags as JSON or YAML"],
    ["INI", "[flags]\nbanner = on\n", "an INI or TOML file"],
    ["properties", "banner.enabled=true\n", "a properties or environment file"],
    ["JSON encoded twice", JSON.stringify(document), "JSON that was encoded twice"],
    ["a comment before JSON", `// flags\n${document}`, "JSON with comments"],
    ["a comment in JSON", `{\n  // the flags\n  "flags": {}\n}`, "JSON with comments"],
    ["an empty list", "[]", 'an empty list: write {"flags":{}} for no flags'],
    ["a list", "[1]", "a list: write"],
    [
      "a custom resource",
      JSON.stringify(manifest("FeatureFlag")),
      "store what is under spec.flagSpec",
    ],
    ["a config map", JSON.stringify(manifest("ConfigMap")), "store the text under data"],
    ["other manifests", JSON.stringify(manifest("Pod")), 'a Kubernetes manifest of kind "Pod"'],
    [
      "a manifest in YAML",
      "apiVersion: v1\nkind: ConfigMap\ndata: {}\n",
      "store the text under data",
    ],
    ["flags alone", '{"a":{"variants":{"on":true}}}', 'write {"flags":{…}}'],
  ])("%s", (_, text, advice) => {
    const formats: DocumentFormat[] = ["any", "json"];
    if (typeof text === "string" && text.startsWith("apiVersion")) formats.pop();
    for (const format of formats) {
      const problems = rejected(text, format).map(({ reason }) => reason);
      const guess = problems.find((reason) => reason.includes("this looks like")) ?? "";
      expect(guess).toContain(advice);
      expect(guess).toContain('; it begins with "');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
      expect(guess).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
    }
  });
});

test("what is merely wrong is not taken for something else", () => {
  for (const text of ['{"flags": {', "flags: [", '{"flag": {}}', "5", "hello"])
    for (const { reason } of rejected(text, "any")) expect(reason).not.toContain("looks like");
});
