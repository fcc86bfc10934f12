/** Runs an executable just made, if this machine can. */
import { existsSync } from "node:fs";
import { which } from "bun";
import { version } from "../compile.ts";
import type { Target } from "./targets.ts";

/** What foreign systems need beside the executable: their C library, in a folder as Debian has it. */
const arm64Root = "/usr/aarch64-linux-gnu";

/** @returns how it ran, or why it cannot @throws Error if it does not do what it should */
export async function smoke(target: Target, executable: string): Promise<string> {
  const prefix = runner(target);
  if (typeof prefix === "string") return `not run: ${prefix}`;
  for (const [args, expected] of [
    [["version"], `flagd: ${version}`],
    [["start", "--help"], "--uri"],
  ] as const) {
    const child = Bun.spawnSync([...prefix, executable, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const text = child.stdout.toString();
    if (child.exitCode !== 0 || !text.includes(expected)) {
      throw new Error(`${target.name}: flagd ${args.join(" ")} failed:\n${text}${child.stderr}`);
    }
  }
  return prefix.length === 0 ? "run" : `run by ${prefix[0]}`;
}

function runner({ name }: Target): readonly string[] | string {
  if (process.platform !== "linux") return "releases are tried on Linux only";
  const own = process.arch === "x64" ? "linux-x64" : "linux-arm64";
  if (name === own) return [];
  if (name.endsWith("-musl"))
    return "it takes a system with musl and its libstdc++, such as Alpine";
  if (name !== "linux-arm64") return "it takes such a system";
  const qemu = which("qemu-aarch64-static");
  if (!qemu || !existsSync(arm64Root)) {
    return "it takes the packages qemu-user-static and libc6-arm64-cross";
  }
  return [qemu, "-L", arm64Root];
}
