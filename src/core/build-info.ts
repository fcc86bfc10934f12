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
