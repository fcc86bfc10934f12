import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";
import packageJson from "../../../package.json";
import { bundle } from "../../compile.ts";
import { packTar } from "../archives.ts";
import { type LockedPackage, lockedPackages } from "../runtimes.ts";

export const npmName = "flagd-bun";

export interface NpmFacts {
  readonly version: string;
  /** Address of the repository, if there is a public one. */
  readonly repository?: string | undefined;
}

/** The bundled code, and Bun for each system as an optional dependency: npm installs the one that fits. */
export async function makeNpmPackage(
  facts: NpmFacts & { readonly epoch: number },
  work: string,
  output: string,
): Promise<string> {
  const folder = join(work, "package");
  for (const name of ["bin", "lib"]) mkdirSync(join(folder, name), { recursive: true });
  const manifest = npmManifest(facts, lockedPackages);
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync("deploy/npm/flagd.mjs", join(folder, "bin/flagd.mjs"));
  copyFileSync("deploy/npm/README.md", join(folder, "README.md"));
  for (const name of ["LICENSE", "NOTICE"]) copyFileSync(name, join(folder, name));
  await bundle(join(folder, "lib"));
  writeFileSync(join(folder, "lib/bunfig.toml"), "");
  const tar = join(output, `${npmName}-${facts.version}.tar`);
  await packTar(work, "package", tar, facts.epoch);
  const file = join(output, `${npmName}-${facts.version}.tgz`);
  await $`gzip -n -9 -c ${tar} > ${file} && rm ${tar}`;
  return file;
}

export function npmManifest(
  { version, repository }: NpmFacts,
  locked: Readonly<Record<string, LockedPackage>>,
): object {
  const runtimes = Object.entries(locked)
    .map(([path, { version }]) => [path.replace("node_modules/", ""), version] as const)
    .filter(([name]) => name.startsWith("@oven/bun-"));
  return {
    name: npmName,
    version,
    description: packageJson.description,
    keywords: ["feature-flags", "openfeature", "flagd", "redis", "ofrep"],
    license: packageJson.license,
    ...(repository && { repository: { type: "git", url: `git+${repository}.git` } }),
    type: "module",
    bin: { [npmName]: "bin/flagd.mjs" },
    files: ["bin", "lib", "NOTICE"],
    engines: packageJson.engines,
    optionalDependencies: Object.fromEntries(runtimes),
  };
}
