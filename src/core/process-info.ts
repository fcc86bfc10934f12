import { readFileSync } from "node:fs";

// Replaced at build time; not there when run from source.
declare const FLAGD_VERSION: string | undefined;
declare const FLAGD_COMMIT: string | undefined;
declare const FLAGD_DATE: string | undefined;

/** What was built when: `dev` is a run from source. */
export const buildInfo = {
  version: typeof FLAGD_VERSION === "string" ? FLAGD_VERSION : "dev",
  commit: typeof FLAGD_COMMIT === "string" ? FLAGD_COMMIT : "HEAD",
  /** ISO 8601. */
  date: typeof FLAGD_DATE === "string" ? FLAGD_DATE : "unknown",
} as const;

/** `flagd: 1.0.0 (abc1234), built at: 2026-11-23T12:00:00.000Z` */
export const versionLine = `flagd: ${buildInfo.version} (${buildInfo.commit}), built at: ${buildInfo.date}`;

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The same without white space around the values: a secret that was made with `echo` ends with a line break. */
export function trimmed(environment: Environment): Environment {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, value?.trim()]),
  );
}

/** How many files, sockets included, this process may have open; infinite if the system does not say. */
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
