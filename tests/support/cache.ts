import { existsSync } from "node:fs";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dir, "../../node_modules/.cache/flagd");
const maxBuildMs = 10 * 60_000;

/**
 * A folder that `build` fills once, kept with the installed packages. When several processes ask at
 * once, one builds and the others wait. What a failed build left is thrown away.
 * @throws what `build` throws
 */
export async function cachedFolder(
  name: string,
  build: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(root, name);
  const complete = join(folder, ".complete");
  if (existsSync(complete)) return folder;
  await mkdir(root, { recursive: true });
  const unlock = await lock(`${folder}.lock`);
  try {
    if (existsSync(complete)) return folder;
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    await build(folder);
    await writeFile(complete, "");
    return folder;
  } finally {
    await unlock();
  }
}

/** Making a folder either succeeds or fails as a whole, in one process only. */
async function lock(path: string): Promise<() => Promise<void>> {
  const owner = join(path, "owner");
  for (;;) {
    try {
      await mkdir(path);
      await writeFile(owner, `${process.pid}`);
      return () => rm(path, { recursive: true, force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (await isAbandoned(path, owner)) await rm(path, { recursive: true, force: true });
    else await Bun.sleep(100);
  }
}

/** Its owner was ended before it could unlock. */
async function isAbandoned(path: string, owner: string): Promise<boolean> {
  const pid = Number(await readFile(owner, "utf8").catch(() => "")) || undefined;
  const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now());
  if (age > maxBuildMs) return true;
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
