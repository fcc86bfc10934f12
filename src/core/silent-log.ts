import type { Log } from "./log.ts";

/** For commands that say all there is to say themselves. */
export const silentLog: Log = {
  debugging: false,
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  fatal: () => {},
  with: () => silentLog,
};
