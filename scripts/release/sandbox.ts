/**
 * A container without an engine: a folder as a read-only root, an unprivileged user, no capabilities; of this
 * machine it sees the network only.
 * @param options further options of bubblewrap
 * @returns the beginning of a command line
 */
export function sandbox(root: string, options: readonly string[] = []): string[] {
  const user = ["--unshare-user", "--uid", "65532", "--gid", "65532"];
  const apart = ["--unshare-all", "--share-net", "--die-with-parent", "--new-session"];
  const system = ["--ro-bind", root, "/", "--proc", "/proc", "--dev", "/dev"];
  const bare = ["--clearenv", "--setenv", "PATH", "/usr/bin:/bin:/", "--cap-drop", "ALL"];
  return ["bwrap", ...apart, ...user, ...bare, ...system, ...options, "--chdir", "/"];
}
