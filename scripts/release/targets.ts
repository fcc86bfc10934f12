import type { Build } from "bun";
import type { ArchiveFormat } from "./archives.ts";
import type { DebianArchitecture } from "./debian-packages.ts";

/** A system that there are executables for. */
export interface Target {
  /** In the names of archives. */
  readonly name: string;
  readonly os: "linux" | "darwin" | "windows";
  readonly architecture: Architecture;
  readonly libc?: "glibc" | "musl";
  /** Bun's name for it. */
  readonly bun: Build.CompileTarget;
  /** The npm package with its runtime. */
  readonly runtime: string;
  readonly archives: readonly ArchiveFormat[];
}

export interface Architecture {
  readonly name: "x64" | "arm64";
  /** Debian's name, which is also that of images. */
  readonly debian: DebianArchitecture;
  /** The kernel's name, which is also that of RPM. */
  readonly machine: "x86_64" | "aarch64";
}

const x64: Architecture = { name: "x64", debian: "amd64", machine: "x86_64" };
const arm64: Architecture = { name: "arm64", debian: "arm64", machine: "aarch64" };
const tar = ["tar.gz", "tar.zst"] as const;

export const targets: readonly Target[] = [
  {
    name: "linux-x64",
    os: "linux",
    architecture: x64,
    libc: "glibc",
    bun: "bun-linux-x64",
    runtime: "@oven/bun-linux-x64",
    archives: tar,
  },
  {
    name: "linux-arm64",
    os: "linux",
    architecture: arm64,
    libc: "glibc",
    bun: "bun-linux-arm64",
    runtime: "@oven/bun-linux-aarch64",
    archives: tar,
  },
  {
    name: "linux-x64-musl",
    os: "linux",
    architecture: x64,
    libc: "musl",
    bun: "bun-linux-x64-musl",
    runtime: "@oven/bun-linux-x64-musl",
    archives: tar,
  },
  {
    name: "linux-arm64-musl",
    os: "linux",
    architecture: arm64,
    libc: "musl",
    bun: "bun-linux-arm64-musl",
    runtime: "@oven/bun-linux-aarch64-musl",
    archives: tar,
  },
  {
    name: "darwin-arm64",
    os: "darwin",
    architecture: arm64,
    bun: "bun-darwin-arm64",
    runtime: "@oven/bun-darwin-aarch64",
    archives: tar,
  },
  {
    name: "darwin-x64",
    os: "darwin",
    architecture: x64,
    bun: "bun-darwin-x64",
    runtime: "@oven/bun-darwin-x64",
    archives: tar,
  },
  {
    name: "windows-x64",
    os: "windows",
    architecture: x64,
    bun: "bun-windows-x64",
    runtime: "@oven/bun-windows-x64",
    archives: ["zip"],
  },
];

export function executableName(target: Target): string {
  return target.os === "windows" ? "flagd.exe" : "flagd";
}
