import { readdirSync } from "node:fs";
import { join } from "node:path";
import { tryDaemon } from "../../../scripts/release/try-daemon.ts";
import { expectEqual, output } from "../suite.ts";
import type { Release } from "./run.ts";

/** Unpacks every archive, and runs the one for this machine. @returns how long that took */
export async function checkArchive(release: Release, work: string): Promise<string> {
  const system = process.arch === "arm64" ? "linux-arm64" : "linux-x64";
  const name = `flagd-${release.version}-${system}`;
  const began = performance.now();
  await output(["tar", "-xzf", join(release.folder, `${name}.tar.gz`)], { cwd: work });
  const flags = `file:${join(process.cwd(), "examples/flags.json")}`;
  await tryDaemon([join(work, name, "flagd"), "start", "--uri", flags], { PATH: "/nonexistent" });
  const took = performance.now() - began;
  for (const file of releaseArchives(release)) {
    const list = file.endsWith(".zip") ? ["unzip", "-Z1"] : ["tar", "-tf"];
    const entries = (await output([...list, join(release.folder, file)])).trim().split("\n");
    const top = file.replace(/\.(tar\.\w+|zip)$/, "");
    const executable = file.endsWith(".zip") ? "flagd.exe" : "flagd";
    const expected = ["LICENSE", "NOTICE", executable, "man/flagd.1"];
    expected.push(...["_flagd", "flagd.bash", "flagd.fish"].map((name) => `completions/${name}`));
    const found = entries.filter((entry) => !/\/$|\/examples\//.test(entry)).sort();
    if (!entries.includes(`${top}/examples/flags.json`)) throw new Error(`${file}: no examples`);
    expectEqual(found, expected.map((entry) => `${top}/${entry}`).sort());
  }
  return `unpacked, started, evaluated in ${(took / 1000).toFixed(1)} s`;
}

function releaseArchives({ folder, version }: Release): string[] {
  const start = `flagd-${version}-`;
  const archive = /^(linux|darwin|windows)-.+\.(tar\.gz|tar\.zst|zip)$/;
  const found = readdirSync(folder).filter(
    (name) => name.startsWith(start) && archive.test(name.slice(start.length)),
  );
  // Two for each of six systems, one for Windows.
  expectEqual(found.length, 13);
  return found;
}
