import { copyFileSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import packageJson from "../../../package.json";
import { tryDaemon } from "../../../scripts/release/try-daemon.ts";
import { output } from "../suite.ts";
import type { Release } from "./run.ts";

/** Installs the package from its file, alone and beside `bun`, whose installation moves the runtime to itself. */
export async function checkNpm(release: Release, work: string): Promise<string> {
  const tarball = release.file(`flagd-bun-${release.version}.tgz`);
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error", "--cache", join(work, "cache")];
  let took = 0;
  for (const others of [[], [`bun@${packageJson.dependencies.bun}`]]) {
    const folder = join(work, `project-${others.length}`);
    mkdirSync(folder);
    copyFileSync("examples/flags.json", join(folder, "flags.json"));
    // What is found in the working directory must not change the daemon.
    await Bun.write(join(folder, "bunfig.toml"), `preload = ["./not-there.ts"]\n`);
    await Bun.write(join(folder, ".env"), "FLAGD_LOG_FORMAT=wrong\n");
    await Bun.write(join(folder, "package.json"), `{"private":true,"allowScripts":{"bun":true}}`);
    const began = performance.now();
    await output(["npm", "install", ...quiet, tarball, ...others], { cwd: folder });
    const command = [resolve(folder, "node_modules/.bin/flagd-bun"), "start", "--workers", "2"];
    await tryDaemon([...command, "-f", `file:${join(folder, "flags.json")}`]);
    if (others.length === 0) took = performance.now() - began;
  }
  return `installed with an empty cache, started, evaluated in ${(took / 1000).toFixed(1)} s`;
}
