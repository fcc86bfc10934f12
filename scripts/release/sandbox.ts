import { readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * A container without an engine: a folder as a read-only root, an unprivileged user, no capabilities, process 1; of
 * this machine it sees the network only.
 * @param options further options of bubblewrap
 * @returns the beginning of a command line
 */
export function sandbox(root: string, options: readonly string[] = []): string[] {
  const user = ["--unshare-user", "--uid", "65532", "--gid", "65532"];
  const apart = ["--unshare-all", "--share-net", "--die-with-parent", "--as-pid-1"];
  const bare = ["--clearenv", "--setenv", "PATH", "/", "--cap-drop", "ALL"];
  const entries = readdirSync(root).flatMap((name) => ["--ro-bind", join(root, name), `/${name}`]);
  const system = ["--tmpfs", "/", ...entries, "--proc", "/proc", "--dev", "/dev", ...options];
  return ["bwrap", ...apart, ...user, ...bare, ...system, "--remount-ro", "/", "--chdir", "/"];
}
