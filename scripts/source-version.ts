/** Of which version the sources are, and when they were committed. */
import { $ } from "bun";
import packageJson from "../package.json";

/** That of the commit's tag, such as v1.2.3; without one, the version that package.json names. */
export async function sourceVersion(): Promise<string> {
  const tag = await git`git describe --tags --exact-match --match ${"v[0-9]*"}`;
  return tag ? tag.slice(1) : packageJson.version;
}

/** When the commit was made, or `SOURCE_DATE_EPOCH` (reproducible-builds.org): seconds since 1970. */
export async function sourceDate(): Promise<number> {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given) return Number(given);
  const commit = await git`git log -1 --format=%ct`;
  return commit === "" ? Math.floor(Date.now() / 1000) : Number(commit);
}

let commit: Promise<string> | undefined;

/** That of the repository at the first call, or `SOURCE_COMMIT` where the sources are without it. */
export function sourceCommit(): Promise<string> {
  commit ??= git`git rev-parse HEAD`.then((hash) => hash || process.env.SOURCE_COMMIT || "unknown");
  return commit;
}

async function git(...command: Parameters<typeof $>): Promise<string> {
  return (
    await $(...command)
      .nothrow()
      .quiet()
      .text()
  ).trim();
}
