import { readFileSync } from "node:fs";
import { maxConnections, otherFiles } from "./limits.ts";
import type { PortSharing } from "./listener.ts";

/** How many files, sockets included, this process may have open; infinite where that is not told. */
export function maxOpenFiles(): number {
  let limits: string;
  try {
    limits = readFileSync("/proc/self/limits", "utf8");
  } catch {
    return Number.POSITIVE_INFINITY;
  }
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}

/**
 * The connections that this thread may have open on one of three or four ports; what is handed on to
 * Bun.serve takes two more descriptors. Where there are none left Bun accepts nothing and says nothing,
 * and even probes get no answer.
 */
export function connectionsAllowed(
  shared: Pick<PortSharing, "threads"> | undefined,
  openFiles = maxOpenFiles(),
): number {
  const spare = Math.max(openFiles - otherFiles, openFiles / 2);
  const part = Math.floor(spare / 4 / (shared?.threads ?? 1));
  return Math.min(maxConnections, Math.max(1, part));
}
