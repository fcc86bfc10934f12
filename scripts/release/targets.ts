import type { Build } from "bun";

/** A system that there are executables for. */
export interface Target {
  /** In the names of archives. */
  readonly name: string;
  /** Bun's name for it, and that of the npm package with its runtime. */
  readonly bun: Build.CompileTarget;
  readonly runtime: string;
  readonly archives: readonly ("tar.gz" | "tar.zst" | "zip")[];
}

const tar = ["tar.gz", "tar.zst"] as const;

export const targets: readonly Target[] = [
  { name: "linux-x64", bun: "bun-linux-x64", runtime: "bun-linux-x64", archives: tar },
  { name: "linux-arm64", bun: "bun-linux-arm64", runtime: "bun-linux-aarch64", archives: tar },
  {
    name: "linux-x64-musl",
    bun: "bun-linux-x64-musl",
    runtime: "bun-linux-x64-musl",
    archives: tar,
  },
  {
    name: "linux-arm64-musl",
    bun: "bun-linux-arm64-musl",
    runtime: "bun-linux-aarch64-musl",
    archives: tar,
  },
  { name: "darwin-arm64", bun: "bun-darwin-arm64", runtime: "bun-darwin-aarch64", archives: tar },
  { name: "darwin-x64", bun: "bun-darwin-x64", runtime: "bun-darwin-x64", archives: tar },
  { name: "windows-x64", bun: "bun-windows-x64", runtime: "bun-windows-x64", archives: ["zip"] },
];

export function executableName(target: Target): string {
  return target.name.startsWith("windows") ? "flagd.exe" : "flagd";
}
