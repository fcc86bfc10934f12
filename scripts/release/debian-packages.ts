/** Packages of Debian 13: the C library of the image, and that of the systems that executables are tried in. */
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";
import { cachedFolder } from "../../tests/support/cache.ts";

const release = "trixie";
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

export type DebianArchitecture = "amd64" | "arm64";

export interface DebianPackage {
  readonly name: string;
  readonly architecture: string;
  readonly version: string;
  /** SHA-256 of the package, in hexadecimal. */
  readonly sha256: string;
  /** What it contains, as below `/`. */
  readonly files: string;
}

/**
 * The newest version, from the mirror of Debian that this machine uses; apt checks its signatures.
 * @throws Error if this machine has no apt with a mirror of Debian
 */
export async function debianPackage(
  name: string,
  architecture: DebianArchitecture,
): Promise<DebianPackage> {
  const options = await aptOptions();
  // A day: within it, releases of one commit are equal.
  const today = new Date().toISOString().slice(0, 10);
  const folder = await cachedFolder(`debian-${name}-${architecture}-${today}`, async (folder) => {
    const root = ["-o", "APT::Sandbox::User=root"];
    await $`apt-get ${options} ${root} download ${name}:${architecture}`.cwd(folder).quiet();
    const [file = ""] = readdirSync(folder);
    await $`mv ${file} package.deb && dpkg-deb -x package.deb files`.cwd(folder).quiet();
  });
  const file = join(folder, "package.deb");
  const field = async (field: string) => (await $`dpkg-deb -f ${file} ${field}`.text()).trim();
  return {
    name,
    architecture: await field("Architecture"),
    version: await field("Version"),
    sha256: new Bun.CryptoHasher("sha256").update(await Bun.file(file).bytes()).digest("hex"),
    files: join(folder, "files"),
  };
}

let options: Promise<readonly string[]> | undefined;

/** For an apt that knows both architectures and this release, beside the one of this machine. */
function aptOptions(): Promise<readonly string[]> {
  options ??= makeAptOptions();
  return options;
}

async function makeAptOptions(): Promise<readonly string[]> {
  const mirror = await debianMirror();
  const today = new Date().toISOString().slice(0, 10);
  const optionsIn = (folder: string) =>
    [
      `Dir::Etc::sourcelist=${folder}/sources.list`,
      "Dir::Etc::sourceparts=-",
      `Dir::State::lists=${folder}/lists`,
      `Dir::Cache=${folder}/cache`,
      "APT::Architectures=amd64,arm64",
      // Nothing but the lists of packages.
      "Acquire::Languages=none",
      "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
    ].flatMap((option) => ["-o", option]);
  const folder = await cachedFolder(`apt-${release}-${today}`, async (folder) => {
    mkdirSync(join(folder, "lists"));
    mkdirSync(join(folder, "cache/archives/partial"), { recursive: true });
    const source = `deb [signed-by=${keyring}] ${mirror} ${release} main\n`;
    await Bun.write(join(folder, "sources.list"), source);
    await $`apt-get ${optionsIn(folder)} update`.quiet();
  });
  return optionsIn(folder);
}

async function debianMirror(): Promise<string> {
  const format = "$(ORIGIN) $(LABEL) $(REPO_URI)";
  const targets = await $`apt-get indextargets --format ${format} ${"Created-By: Packages"}`
    .nothrow()
    .quiet()
    .text();
  const mirror = /^Debian Debian (\S+)$/m.exec(targets)?.[1];
  if (mirror) return mirror;
  throw new Error("the image takes a machine with apt and a mirror of Debian: apt-get update");
}
