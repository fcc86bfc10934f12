import { statSync } from "node:fs";
import { messageOf } from "./errors.ts";

/**
 * Calls `changed` when one of the files has been written or replaced. Polls, as mounted secrets are changed by
 * swapping a symlink some folders up.
 * @param paths undefined: there is no such file
 * @returns what ends it
 */
export function followFiles(
  paths: readonly (string | undefined)[],
  everyMs: number,
  changed: () => void,
): () => void {
  const look = () => paths.map(fingerprint).join(" ");
  let seen = look();
  const timer = setInterval(() => {
    const now = look();
    if (now === seen) return;
    seen = now;
    changed();
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Differs if the file was written or replaced. */
function fingerprint(path: string | undefined): string {
  if (path === undefined) return "";
  try {
    const { ino, size, mtimeMs } = statSync(path);
    return `${ino}:${size}:${mtimeMs}`;
  } catch (error) {
    return messageOf(error);
  }
}
