/**
 * What `npm run release` made, used as people use it: `npx bun tests/outside/release/run.ts [sums|readme|archive|image|npm|deb|rpm|brew|docs]`.
 * Each goes from an empty folder to a flag that was evaluated; the times are printed. It needs Debian as root with
 * bubblewrap, skopeo, qemu-user-static, systemd-container, mmdebstrap, ruby and chromium.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { output, Suite } from "../suite.ts";
import { checkArchive } from "./archive.ts";
import { checkDocs } from "./docs.ts";
import { checkImage } from "./image.ts";
import { checkNpm } from "./npm.ts";
import { checkReadme } from "./readme.ts";
import { checkSystemd } from "./systemd.ts";

export interface Release {
  readonly folder: string;
  readonly version: string;
  /** The path of the only file whose name ends so. */
  file(end: string): string;
}

const folder = resolve("release");
if (!existsSync(join(folder, "SHA256SUMS"))) {
  console.error("there is no release: npm run release");
  process.exit(1);
}
const names = [...readFileSync(join(folder, "SHA256SUMS"), "utf8").matchAll(/ {2}(.+)$/gm)].map(
  ([, name = ""]) => name,
);
const [, version = ""] = /flagd-(.+)\.start-order/.exec(names.join(" ")) ?? [];
const release: Release = {
  folder,
  version,
  file(end) {
    const found = names.filter((name) => name.endsWith(end));
    if (found.length !== 1) throw new Error(`files that end with ${end}: ${found.join(", ")}`);
    return join(folder, found[0] ?? "");
  },
};

const parts: Readonly<Record<string, (work: string) => Promise<string | undefined>>> = {
  sums: async () => {
    await output(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], { cwd: folder });
    return undefined;
  },
  readme: (work) => checkReadme(release, work),
  archive: (work) => checkArchive(release, work),
  image: (work) => checkImage(release, work),
  npm: (work) => checkNpm(release, work),
  deb: (work) => checkSystemd(release, "deb", work),
  rpm: (work) => checkSystemd(release, "rpm", work),
  brew: async () => {
    await output(["ruby", "-c", release.file("flagd.rb")]);
    const formula = readFileSync(release.file("flagd.rb"), "utf8");
    for (const [, file = "", sum = ""] of formula.matchAll(/\/([^/]+)"\n +sha256 "(.+)"/g)) {
      await output(["sh", "-c", `echo "${sum}  ${file}" | sha256sum --check`], { cwd: folder });
    }
    return undefined;
  },
  docs: (work) => checkDocs(release, work),
};

const wanted = process.argv.slice(2);
const suite = new Suite(`Release ${version}`);
for (const [name, check] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  await suite.check(name, async () => {
    const work = mkdtempSync(join(tmpdir(), "flagd-release-test-"));
    try {
      const said = await check(work);
      console.log(`${name}: ${said ?? "as it should be"}`);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
}
suite.finish();
