import { maxOpenFiles } from "../core/open-files.ts";
import { maxConnections, otherFiles } from "./limits.ts";
import type { PortSharing } from "./listener.ts";

/**
 * The connections that this thread may have open on one of three or four ports. If there are no descriptors
 * left Bun accepts nothing and says nothing, and even probes get no answer.
 */
export function connectionsAllowed(
  shared: Pick<PortSharing, "threads"> | undefined,
  openFiles = maxOpenFiles(),
): number {
  const spare = Math.max(openFiles - otherFiles, openFiles / 2);
  const part = Math.floor(spare / 4 / (shared?.threads ?? 1));
  return Math.min(maxConnections, Math.max(1, part));
}
