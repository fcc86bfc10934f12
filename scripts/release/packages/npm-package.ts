import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";
import packageJson from "../../../package.json";
import { bundle } from "../../compile.ts";
import { packTar } from "../archives.ts";
import { type LockedPackage, lockedPackages } from "../runtimes.ts";

export const npmName = "flagd-bun";

/** The bundled code, and Bun for each system as an optional dependency: npm installs the one that fits. */
export async function makeNpmPackage(
  version: string,
  epoch: number,
  work: string,
  output: string,
): Promise<string> {
  const folder = join(work, "package");
  for (const name of ["bin", "lib"]) mkdirSync(join(folder, name), { recursive: true });
  const manifest = npmManifest(version, lockedPackages);
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync("deploy/npm/flagd.mjs", join(folder, "bin/flagd.mjs"));
  copyFileSync("deploy/npm/README.md", join(folder, "README.md"));
  for (const name of ["LICENSE", "NOTICE"]) copyFileSync(name, join(folder, name));
  await bundle(join(folder, "lib"));
  writeFileSync(join(folder, "lib/bunfig.toml"), "");
  const tar = join(output, `${npmName}-${version}.tar`);
  await packTar(work, "package", tar, epoch);
  const file = join(output, `${npmName}-${version}.tgz`);
  await $`gzip -n -9 -c ${tar} > ${file} && rm ${tar}`;
  return file;
}

export function npmManifest(
  version: string,
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
    type: "module",
    bin: { [npmName]: "bin/flagd.mjs" },
    files: ["bin", "lib", "NOTICE"],
    engines: packageJson.engines,
    optionalDependencies: Object.fromEntries(runtimes),
  };
}
