/** Runs an executable just made, if this machine can: its version, and a daemon that evaluates a flag. */
import { copyFileSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { which } from "bun";
import { sourceVersion } from "../source-version.ts";
import { addGlibc, muslRoot } from "./roots.ts";
import { sandbox } from "./sandbox.ts";
import type { Architecture, Target } from "./targets.ts";
import { tryDaemon } from "./try-daemon.ts";

/** @returns how it ran, or why it cannot @throws Error if it does not do what it should */
export async function smoke(target: Target, executable: string): Promise<string> {
  const impossible = whyNot(target);
  if (impossible) return `not run: ${impossible}`;
  const root = mkdtempSync(join(tmpdir(), "flagd-smoke-"));
  try {
    if (target.libc === "musl") {
      cpSync(await muslRoot(target.architecture), root, { recursive: true });
    } else {
      await addGlibc(target.architecture, root);
    }
    copyFileSync(executable, join(root, "flagd"));
    copyFileSync("examples/flags.json", join(root, "flags.json"));
    const command = runIn(root, target.architecture);
    const child = Bun.spawnSync([...command, "version"], { stdio: ["ignore", "pipe", "pipe"] });
    const text = child.stdout.toString();
    if (child.exitCode !== 0 || !text.includes(`flagd: ${await sourceVersion()} `)) {
      throw new Error(`${target.name}: flagd version failed:\n${text}${child.stderr}`);
    }
    const ms = await tryDaemon([...command, "start", "--uri", "file:/flags.json"]);
    const how = isOwn(target.architecture) ? "" : " by QEMU";
    return `run${how} with nothing but its C library, ready in ${ms.toFixed(0)} ms`;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** The command that runs `flagd` of a root; that of a foreign processor by QEMU, which needs no entry in the kernel. */
export function runIn(
  root: string,
  architecture: Architecture,
  env: Readonly<Record<string, string>> = {},
): string[] {
  const set = Object.entries(env).flatMap(([name, value]) => ["--setenv", name, value]);
  if (isOwn(architecture)) return [...sandbox(root, set), "/flagd"];
  const qemu = resolve(which(qemuOf(architecture)) ?? "");
  return [...sandbox(root, [...set, "--ro-bind", qemu, "/qemu"]), "/qemu", "/flagd"];
}

function qemuOf({ machine }: Architecture): string {
  return `qemu-${machine}-static`;
}

function isOwn({ name }: Architecture): boolean {
  return process.arch === name;
}

function whyNot({ os, architecture }: Target): string | undefined {
  if (process.platform !== "linux") return "releases are tried on Linux only";
  if (os !== "linux") return `it takes ${os === "darwin" ? "macOS" : "Windows"}`;
  if (!which("bwrap")) return "it takes the package bubblewrap";
  if (!isOwn(architecture) && !which(qemuOf(architecture))) {
    return "it takes the package qemu-user-static";
  }
  return undefined;
}
