import { readFileSync, statSync } from "node:fs";
import { ConfigError } from "../../core/config-error.ts";
import type { Log } from "../../core/log.ts";
import { parseTokens } from "./token-file.ts";
import type { TokenTable } from "./token-table.ts";

const maxFileBytes = 1 << 20;
const checkMs = 1_000;

/** @throws ConfigError naming the file */
export function readTokens(path: string): TokenTable {
  try {
    const info = statSync(path);
    // To read a pipe would block the whole process.
    if (!info.isFile()) throw new ConfigError("it is no regular file");
    if (info.size > maxFileBytes) throw new ConfigError(`it is larger than ${maxFileBytes} bytes`);
    return parseTokens(readFileSync(path, "utf8"));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "there is no such file" : (code ?? (error as Error).message);
    throw new ConfigError(`--tokens-path: ${path}: ${reason}`);
  }
}

/**
 * Calls `apply` with the tokens when the file changes. Polls, as mounted secrets are changed by swapping a symlink
 * some folders up. A file that cannot be used leaves the old tokens in use.
 * @returns what ends the watch
 */
export function watchTokens(
  path: string,
  log: Log,
  apply: (tokens: TokenTable) => void,
  everyMs = checkMs,
): () => void {
  let seen = fingerprint(path);
  const timer = setInterval(() => {
    const now = fingerprint(path);
    if (now === seen) return;
    seen = now;
    try {
      apply(readTokens(path));
      log.info("tokens reloaded", { path });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn("the changed tokens cannot be used, keeping the previous ones", { reason });
    }
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

function fingerprint(path: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(path);
    return `${ino}:${size}:${mtimeMs}`;
  } catch (error) {
    return String(error);
  }
}
