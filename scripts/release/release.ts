/**
 * Makes `release/`, all that is published of a version: for each system an archive with the executable,
 * licences, completions and manual page; the image; packages for npm, Debian and RPM; the Helm chart, the
 * documentation, a formula for Homebrew; SHA256SUMS, a CycloneDX SBOM and SLSA provenance. The same commit gives
 * the same bytes on one day, with the same record of what a start needs: it is made once for an executable, and a
 * part of the release.
 *
 *   npm run release [-- [--start-order FILE] [--downloads URL] [--repository URL] TARGET …]
 */
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { $ } from "bun";
import { commands } from "../../src/config/manual/commands.ts";
import { manualPage } from "../../src/config/manual/man-page.ts";
import { cachedFolder } from "../../tests/support/cache.ts";
import { compile } from "../compile.ts";
import { recordStarts } from "../record-starts.ts";
import { buildSite } from "../site/build-site.ts";
import { sourceCommit, sourceDate, sourceVersion } from "../source-version.ts";
import { pack } from "./archives.ts";
import type { DebianPackage } from "./debian-packages.ts";
import { sha256OfFile } from "./digest.ts";
import { type Artifact, provenance, sbom } from "./documents.ts";
import { type Executable, makeImage } from "./image/image.ts";
import { makeChart } from "./packages/chart.ts";
import { formula } from "./packages/formula.ts";
import { makeLinuxPackage } from "./packages/linux-package.ts";
import { makeNpmPackage } from "./packages/npm-package.ts";
import { fetchRuntime, type Runtime } from "./runtimes.ts";
import { smoke } from "./smoke.ts";
import { executableName, type Target, targets } from "./targets.ts";

const { values, positionals: wanted } = parseArgs({
  options: {
    "start-order": { type: "string" },
    downloads: { type: "string", default: "https://downloads.example.com/flagd" },
    repository: { type: "string" },
  },
  allowPositionals: true,
});
const { repository } = values;
const givenOrder = values["start-order"] && resolve(values["start-order"]);
const chosen = targets.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
if (chosen.length === 0 || chosen.length < wanted.length) {
  console.error(`unknown target; there are ${targets.map(({ name }) => name).join(", ")}`);
  process.exit(1);
}

const version = await sourceVersion();
const epoch = await sourceDate();
const output = resolve("release");
rmSync(output, { recursive: true, force: true });
mkdirSync(output);
const work = mkdtempSync(join(tmpdir(), "flagd-release-"));
const began = performance.now();
const runtimes: Runtime[] = [];
const artifacts: Artifact[] = [];
try {
  const first = join(work, "flagd");
  await compile({ outfile: first });
  const bytecodeOrder = join(output, `flagd-${version}.start-order`);
  copyFileSync(givenOrder ?? (await startOrderOf(first)), bytecodeOrder);
  await add(bytecodeOrder);
  const extras = await makeExtras(first, join(work, "extras"));
  const executables: Executable[] = [];
  for (const target of chosen) {
    const path = await makeArchives(target, extras, bytecodeOrder);
    if (target.libc === "glibc") executables.push({ architecture: target.architecture, path });
  }
  const [linuxPackages, image, ...others] = await Promise.all([
    makeLinuxPackages(executables, extras),
    makeImageFile(executables),
    makeNpmPackage({ version, epoch, repository }, inWork("npm"), output),
    makeChart(version, epoch, inWork("chart"), output),
    makeSite(),
  ]);
  for (const file of [...linuxPackages, ...image.files, ...others]) await add(file);
  if (chosen.length === targets.length) {
    const file = join(output, "flagd.rb");
    await Bun.write(file, formula({ version, repository }, artifacts, values.downloads));
    await add(file);
  }
  const bill = join(output, `flagd-${version}.cdx.json`);
  await Bun.write(bill, await sbom(version, epoch, runtimes, image.packages));
  await add(bill);
  const statement = join(output, `flagd-${version}.provenance.json`);
  await Bun.write(statement, await provenance(version, artifacts, runtimes, image.packages));
  artifacts.push(await artifact(statement));
  const sums = artifacts.map(({ name, sha256 }) => `${sha256}  ${name}\n`);
  await Bun.write(join(output, "SHA256SUMS"), sums.join(""));
  console.log(`${artifacts.length} files in ${seconds(began)}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** @returns the executable */
async function makeArchives(target: Target, extras: string, order: string): Promise<string> {
  const began = performance.now();
  const runtime = await fetchRuntime(target);
  runtimes.push(runtime);
  const contents = inWork(target.name);
  const top = join(contents, `flagd-${version}-${target.name}`);
  await $`mkdir ${top} && cp -r ${extras}/. ${top}`;
  const outfile = join(top, executableName(target));
  const system = { target: target.bun, path: runtime.path };
  await compile({ outfile, bytecodeOrder: order, runtime: system });
  const [files, ran] = await Promise.all([
    pack(target.archives, contents, join(output, basename(top)), epoch),
    smoke(target, outfile),
  ]);
  console.log(`${target.name}: ${megabytes(outfile)}; ${ran}; ${seconds(began)}`);
  for (const file of files) await add(file);
  if (target.libc === "glibc") return outfile;
  rmSync(contents, { recursive: true });
  return outfile;
}

function makeLinuxPackages(executables: readonly Executable[], extras: string): Promise<string[]> {
  const made = executables.flatMap(({ architecture, path }) =>
    (["deb", "rpm"] as const).map((format) =>
      makeLinuxPackage(
        format,
        { version, architecture, epoch, executable: path, extras },
        work,
        output,
      ),
    ),
  );
  return Promise.all(made);
}

async function makeImageFile(
  executables: readonly Executable[],
): Promise<{ files: string[]; packages: DebianPackage[] }> {
  if (executables.length === 0) return { files: [], packages: [] };
  const file = join(output, `flagd-${version}-image.tar`);
  const facts = { version, commit: await sourceCommit(), epoch, repository };
  return { files: [file], packages: await makeImage(executables, facts, inWork("image"), file) };
}

async function makeSite(): Promise<string> {
  const name = `flagd-${version}-docs`;
  const folder = inWork("docs");
  await buildSite(join(folder, name));
  const [file = ""] = await pack(["tar.gz"], folder, join(output, name), epoch);
  return file;
}

async function add(file: string): Promise<void> {
  artifacts.push(await artifact(file));
  console.log(`  ${basename(file)}: ${megabytes(file)}`);
}

async function artifact(file: string): Promise<Artifact> {
  return { name: basename(file), sha256: await sha256OfFile(file) };
}

function inWork(name: string): string {
  const folder = join(work, name);
  mkdirSync(folder);
  return folder;
}

function megabytes(file: string): string {
  return `${(Bun.file(file).size / 1e6).toFixed(2)} MB`;
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(0)} s`;
}

/** Two records of one executable differ in a few entries, by what happened to be slow: one is kept. */
async function startOrderOf(binary: string): Promise<string> {
  const sha256 = await sha256OfFile(binary);
  const folder = await cachedFolder(`start-order-${sha256.slice(0, 16)}`, async (folder) => {
    await recordStarts(binary, folder);
  });
  return join(folder, "start.order");
}

/** What is the same for every system. @returns the folder */
async function makeExtras(binary: string, folder: string): Promise<string> {
  mkdirSync(join(folder, "completions"), { recursive: true });
  for (const name of ["LICENSE", "NOTICE"]) copyFileSync(name, join(folder, name));
  cpSync("examples", join(folder, "examples"), { recursive: true });
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
