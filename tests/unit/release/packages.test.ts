import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { chartOf } from "../../../scripts/release/packages/chart.ts";
import { formula } from "../../../scripts/release/packages/formula.ts";
import { nfpmConfig } from "../../../scripts/release/packages/linux-package.ts";
import { npmManifest } from "../../../scripts/release/packages/npm-package.ts";
import { targets } from "../../../scripts/release/targets.ts";

const root = join(import.meta.dir, "../../..");
const [target] = targets;
if (!target) throw new Error("there are no targets");

test("the formula has the checksum of each archive beside its address", () => {
  const systems = ["darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64"];
  const artifacts = systems.map((system) => ({
    name: `flagd-1.2.3-${system}.tar.gz`,
    sha256: `sum-of-${system}`,
  }));
  const facts = { version: "1.2.3", repository: "https://example.com/flagd" };
  const text = formula(facts, artifacts, "https://example.com/v1.2.3");
  expect(text).toContain('homepage "https://example.com/flagd"');
  for (const { name, sha256 } of artifacts) {
    expect(text).toContain(`url "https://example.com/v1.2.3/${name}"\n      sha256 "${sha256}"`);
  }
  expect(() => formula(facts, artifacts.slice(1), "https://example.com")).toThrow(
    "flagd-1.2.3-darwin-arm64.tar.gz is not there",
  );
});

test("the chart gets the version of the release twice", async () => {
  const text = await Bun.file(join(root, "deploy/chart/Chart.yaml")).text();
  const changed = chartOf(text, "9.8.7");
  expect(changed).toContain("\nversion: 9.8.7\nappVersion: 9.8.7\n");
  expect(changed).toContain("apiVersion: v2\n");
  expect(() => chartOf("name: flagd\n", "1.0.0")).toThrow("names no two versions");
});

test("the npm package takes its runtimes in the versions of the lock file, and nothing else", () => {
  const manifest = npmManifest(
    { version: "1.2.3" },
    {
      "node_modules/@oven/bun-linux-x64": { version: "1.4.5" },
      "node_modules/@oven/bun-windows-x64": { version: "1.4.5" },
      "node_modules/yaml": { version: "2.0.0" },
    },
  );
  expect(manifest).toMatchObject({
    name: "flagd-bun",
    version: "1.2.3",
    optionalDependencies: { "@oven/bun-linux-x64": "1.4.5", "@oven/bun-windows-x64": "1.4.5" },
  });
  expect(manifest).not.toHaveProperty("dependencies.yaml");
});

// npm signs a package's origin only if the package names the same repository.
test("the npm package names the repository that it is released from", () => {
  const manifest = npmManifest({ version: "1.2.3", repository: "https://example.com/flagd" }, {});
  expect(manifest).toMatchObject({
    repository: { type: "git", url: "git+https://example.com/flagd.git" },
  });
  expect(npmManifest({ version: "1.2.3" }, {})).not.toHaveProperty("repository");
});

test.each(["deb", "rpm"] as const)("%s: what it installs from the sources is there", (format) => {
  const facts = {
    version: "1.2.3",
    architecture: target.architecture,
    epoch: 0,
    executable: "/made/flagd",
    extras: "/made/extras",
  };
  const config = nfpmConfig(format, facts, "/made/flagd.1.gz") as {
    contents: { src: string; dst: string; type?: string; file_info: { mode: number } }[];
    scripts: Record<string, string>;
  };
  const sources = [...config.contents.map(({ src }) => src), ...Object.values(config.scripts)];
  for (const source of sources) {
    if (!source.startsWith("/made/")) expect(existsSync(join(root, source))).toBe(true);
  }
  const secrets = config.contents.find(({ dst }) => dst === "/etc/flagd/environment");
  expect(secrets).toMatchObject({ type: "config|noreplace", file_info: { mode: 0o600 } });
});
