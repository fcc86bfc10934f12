/** Bun's runtimes for other systems, from the npm packages that `package-lock.json` pins. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { $ } from "bun";
import lock from "../../package-lock.json";
import { cachedFolder } from "../../tests/support/cache.ts";
import type { Target } from "./targets.ts";

export interface Runtime {
  readonly path: string;
  /** Where it is from: `@oven/bun-linux-x64` and so on. */
  readonly name: string;
  readonly version: string;
  /** SHA-512 of the package, in hexadecimal. */
  readonly sha512: string;
}

export interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
}

/** Path below the project's folder → what is pinned. */
export const lockedPackages: Readonly<Record<string, LockedPackage>> = lock.packages;

/** @throws Error if a package is not what the lock file says */
export async function fetchRuntime(target: Target): Promise<Runtime> {
  const name = target.runtime;
  const { version = "", integrity = "" } = lockedPackages[`node_modules/${name}`] ?? {};
  if (!integrity.startsWith("sha512-")) throw new Error(`package-lock.json does not pin ${name}`);
  const folder = await cachedFolder(
    `runtime-${basename(target.runtime)}-${version}`,
    async (folder) => {
      const archive = (await $`npm pack --silent ${name}@${version}`.cwd(folder).text()).trim();
      const bytes = readFileSync(join(folder, archive));
      const hash = new Bun.CryptoHasher("sha512").update(bytes).digest("base64");
      if (`sha512-${hash}` !== integrity) {
        throw new Error(`${name} ${version} is not what package-lock.json pins`);
      }
      await $`tar xzf ${archive} && rm ${archive}`.cwd(folder).quiet();
    },
  );
  const executable = target.os === "windows" ? "bun.exe" : "bun";
  return {
    path: join(folder, "package/bin", executable),
    name,
    version,
    sha512: Buffer.from(integrity.slice("sha512-".length), "base64").toString("hex"),
  };
}
