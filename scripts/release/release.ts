/**
 * Makes `release/`: for each system an archive with the executable, licences, completions and manual
 * page; SHA256SUMS, a CycloneDX SBOM and SLSA provenance. The same commit gives the same bytes, with the
 * same record of what a start needs: it is made once for an executable, and a part of the release.
 *
 *   npm run release [-- [--start-order FILE] TARGET …]
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { $ } from "bun";
import { commands } from "../../src/config/manual/commands.ts";
import { manualPage } from "../../src/config/manual/man-page.ts";
import { cachedFolder } from "../../tests/support/cache.ts";
import { compile, sourceDate, version } from "../compile.ts";
import { recordStarts } from "../record-starts.ts";
import { pack } from "./archives.ts";
import { type Artifact, provenance, sbom } from "./documents.ts";
import { fetchRuntime, type Runtime } from "./runtimes.ts";
import { smoke } from "./smoke.ts";
import { executableName, targets } from "./targets.ts";

const { values, positionals: wanted } = parseArgs({
  options: { "start-order": { type: "string" } },
  allowPositionals: true,
});
const givenOrder = values["start-order"] && resolve(values["start-order"]);
const chosen = targets.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
if (chosen.length === 0 || chosen.length < wanted.length) {
  console.error(`unknown target; there are ${targets.map(({ name }) => name).join(", ")}`);
  process.exit(1);
}

const output = resolve("release");
rmSync(output, { recursive: true, force: true });
mkdirSync(output);
const epoch = await sourceDate();
const work = mkdtempSync(join(tmpdir(), "flagd-release-"));
const runtimes: Runtime[] = [];
const artifacts: Artifact[] = [];
try {
  const first = join(work, "flagd");
  await compile({ outfile: first });
  const bytecodeOrder = join(output, `flagd-${version}.start-order`);
  copyFileSync(givenOrder ?? (await startOrderOf(first)), bytecodeOrder);
  artifacts.push(await artifact(bytecodeOrder));
  const extras = await makeExtras(first, join(work, "extras"));
  for (const target of chosen) {
    const began = performance.now();
    const runtime = await fetchRuntime(target);
    runtimes.push(runtime);
    const contents = join(work, target.name);
    const top = join(contents, `flagd-${version}-${target.name}`);
    await $`mkdir -p ${top} && cp -r ${extras}/. ${top}`;
    const outfile = join(top, executableName(target));
    await compile({ outfile, bytecodeOrder, runtime: { target: target.bun, path: runtime.path } });
    const tried = await smoke(target, outfile);
    const sizes: string[] = [];
    for (const format of target.archives) {
      const file = join(output, `flagd-${version}-${target.name}.${format}`);
      await pack(format, contents, file, epoch);
      sizes.push(`${format} ${(Bun.file(file).size / 1e6).toFixed(1)} MB`);
      artifacts.push(await artifact(file));
    }
    const size = (Bun.file(outfile).size / 1e6).toFixed(1);
    rmSync(contents, { recursive: true });
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    console.log(`${target.name}: ${size} MB, ${sizes.join(", ")}; ${tried}; ${seconds} s`);
  }
  const bill = join(output, `flagd-${version}.cdx.json`);
  await Bun.write(bill, await sbom(epoch, runtimes));
  artifacts.push(await artifact(bill));
  const statement = join(output, `flagd-${version}.provenance.json`);
  await Bun.write(statement, await provenance(artifacts, runtimes));
  artifacts.push(await artifact(statement));
  const sums = artifacts.map(({ name, sha256 }) => `${sha256}  ${name}\n`);
  await Bun.write(join(output, "SHA256SUMS"), sums.join(""));
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Two records of one executable differ in a few entries, by what happened to be slow: one is kept. */
async function startOrderOf(binary: string): Promise<string> {
  const { sha256 } = await artifact(binary);
  const folder = await cachedFolder(`start-order-${sha256.slice(0, 16)}`, async (folder) => {
    await recordStarts(binary, folder);
  });
  return join(folder, "start.order");
}

/** What is the same for every system. @returns the folder */
async function makeExtras(binary: string, folder: string): Promise<string> {
  mkdirSync(join(folder, "completions"), { recursive: true });
  for (const name of ["LICENSE", "NOTICE"]) copyFileSync(name, join(folder, name));
  for (const [shell, name] of [
    ["bash", "flagd.bash"],
    ["zsh", "_flagd"],
    ["fish", "flagd.fish"],
  ] as const) {
    const script = await $`${binary} completion ${shell}`.text();
    await Bun.write(join(folder, "completions", name), script);
  }
  const page = manualPage(commands, version, new Date(epoch * 1000));
  await Bun.write(join(folder, "man/flagd.1"), page);
  return folder;
}

async function artifact(file: string): Promise<Artifact> {
  const sha256 = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(file).stream()) sha256.update(chunk);
  return { name: basename(file), sha256: sha256.digest("hex") };
}
