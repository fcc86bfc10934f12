import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";
import { packTar } from "../archives.ts";

/** The Helm chart as `helm package` makes it: with the version of the release, in a folder of its name. */
export async function makeChart(
  version: string,
  epoch: number,
  work: string,
  output: string,
): Promise<string> {
  cpSync("deploy/chart", join(work, "flagd"), { recursive: true });
  const about = join(work, "flagd/Chart.yaml");
  writeFileSync(about, chartOf(readFileSync(about, "utf8"), version));
  const tar = join(output, `flagd-chart-${version}.tar`);
  await packTar(work, "flagd", tar, epoch);
  const file = join(output, `flagd-chart-${version}.tgz`);
  await $`gzip -n -9 -c ${tar} > ${file} && rm ${tar}`;
  return file;
}

/** @throws Error if the text has not one line for each version */
export function chartOf(text: string, version: string): string {
  const versions = /^(version|appVersion): .*$/gm;
  if (text.match(versions)?.length !== 2) throw new Error("Chart.yaml names no two versions");
  return text.replace(versions, (_, name) => `${name}: ${version}`);
}
