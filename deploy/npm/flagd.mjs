#!/usr/bin/env node
// Runs flagd in the Bun that npm installed for this system.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const lib = join(dirname(fileURLToPath(import.meta.url)), "../lib");

function findBun() {
  const { platform, arch, report } = process;
  const cpu = arch === "arm64" ? "aarch64" : arch;
  const system = platform === "win32" ? "windows" : platform;
  const musl = platform === "linux" && !report.getReport().header.glibcVersionRuntime;
  const name =
    platform === "android" ? `linux-${cpu}-android` : `${system}-${cpu}${musl ? "-musl" : ""}`;
  const file = platform === "win32" ? "bun.exe" : "bun";
  // The package bun, if a project has that too, moves the file to itself.
  for (const place of [`@oven/bun-${name}/bin/${file}`, "bun/bin/bun.exe"]) {
    try {
      return require.resolve(place);
    } catch {
      // The next one may have it.
    }
  }
  console.error(
    `flagd: @oven/bun-${name} is not installed. It is an optional dependency: install without --omit=optional.`,
  );
  process.exit(1);
}

const bun = findBun();
// What lies in the working directory of a daemon must not change it.
const apart = ["--no-env-file", `--config=${join(lib, "bunfig.toml")}`, "--no-install"];
const args = [...apart, "--no-warnings", join(lib, "main.js"), ...process.argv.slice(2)];

// Bun takes the place of this process where Node can do that (22.15, 23.11), so that nothing stays in between.
if (process.execve && process.platform !== "win32") process.execve(bun, [bun, ...args]);

const child = spawn(bun, args, { stdio: "inherit" });
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2"]) {
  // A terminal sends SIGINT to both; the daemon must get it once, as the second one means haste.
  process.on(signal, () => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on("exit", (code, signal) => {
  process.exit(signal ? 128 + (constants.signals[signal] ?? 0) : code);
});
