import { expect, test } from "bun:test";
import packageJson from "../../package.json";
import { thirdPartyLicenses } from "../../scripts/third-party-licenses.ts";
import { runFlagd } from "../support/flagd.ts";

const printed = (await runFlagd(["version", "--licenses"])).stdout;

test("the executable prints the licences of what is bundled now", async () => {
  expect(printed).toBe(await thirdPartyLicenses());
});

test.each(Object.entries(packageJson.dependencies))("%s %s is among them", (name, version) => {
  expect(printed).toMatch(name === "bun" ? `Bun ${version}\n` : `\n${name} ${version}: `);
});

test("so are the parts of Bun, and code that packages took from elsewhere", () => {
  expect(printed).toContain("JavaScriptCore");
  expect(printed).toMatch(/boringssl \(https:.*\): several licenses/);
  expect(printed).toContain("Copyright 2008 Google Inc.");
});

test("each text is there once", () => {
  const sections = printed.split(/\n=+\n.*\n=+\n/);
  expect(sections.length).toBeGreaterThan(5);
  expect(new Set(sections).size).toBe(sections.length);
});
