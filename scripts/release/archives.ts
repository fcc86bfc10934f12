/** Archives whose bytes depend on nothing but their contents and `epoch`. */
import { readdirSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";

export type ArchiveFormat = "tar.gz" | "tar.zst" | "zip";

/**
 * @param folder with one folder in it, that of the archives' contents
 * @param path that of each archive without its ending
 * @param epoch the time of every file: seconds since 1970
 * @returns the archives
 */
export async function pack(
  formats: readonly ArchiveFormat[],
  folder: string,
  path: string,
  epoch: number,
): Promise<string[]> {
  const [top = ""] = readdirSync(folder);
  const tar = `${path}.tar`;
  if (formats.some((format) => format !== "zip")) await packTar(folder, top, tar, epoch);
  const archives = await Promise.all(
    formats.map(async (format) => {
      const file = `${path}.${format}`;
      if (format === "zip") await packZip(folder, file, epoch);
      else if (format === "tar.gz") await $`gzip -n -6 -c ${tar} > ${file}`;
      else await $`zstd -q -10 ${tar} -o ${file}`;
      return file;
    }),
  );
  rmSync(tar, { force: true });
  return archives;
}

async function packZip(folder: string, file: string, epoch: number): Promise<void> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  for (const name of names) utimesSync(join(folder, name), epoch, epoch);
  const list = Buffer.from(`${names.join("\n")}\n`);
  await $`zip -q -X -6 ${file} -@ < ${list}`.cwd(folder).env({ ...process.env, TZ: "UTC" });
}

/** @param name what of the folder is packed; `.` is all of it */
export async function packTar(
  folder: string,
  name: string,
  file: string,
  epoch: number,
): Promise<void> {
  const same = ["--sort=name", `--mtime=@${epoch}`, "--owner=0", "--group=0", "--numeric-owner"];
  await $`tar --format=ustar ${same} --mode=u=rwX,go=rX -cf ${file} ${name}`.cwd(folder);
}
