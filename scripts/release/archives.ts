/** Archives whose bytes depend on nothing but their contents and `epoch`. */
import { readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";
import type { Target } from "./targets.ts";

/**
 * @param folder with one folder in it, that of the archive's contents
 * @param epoch the time of every file: seconds since 1970
 */
export async function pack(
  format: Target["archives"][number],
  folder: string,
  file: string,
  epoch: number,
): Promise<void> {
  const [top = ""] = readdirSync(folder);
  if (format === "zip") {
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
    for (const name of names) utimesSync(join(folder, name), epoch, epoch);
    const list = Buffer.from(`${names.join("\n")}\n`);
    await $`zip -q -X -6 ${file} -@ < ${list}`.cwd(folder).env({ ...process.env, TZ: "UTC" });
    return;
  }
  const plain = `${file.slice(0, -format.length)}tar`;
  await packTar(folder, top, plain, epoch);
  if (format === "tar.gz") await $`gzip -n -6 -c ${plain} > ${file} && rm ${plain}`;
  else await $`zstd -q -T2 -10 --rm ${plain} -o ${file}`;
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
