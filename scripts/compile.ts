/** Compiles the executable, for this machine or for another. */
import { $, type Build } from "bun";
import packageJson from "../package.json";
import { bundlePage } from "../src/services/page/assets.ts";
import { entrypoints, thirdPartyLicenses } from "./third-party-licenses.ts";

export interface CompileOptions {
  readonly outfile: string;
  /** A record of what a start needs, which then lies together in the executable. */
  readonly bytecodeOrder?: string;
  /** Of another system: its runtime, and its name for Bun. */
  readonly runtime?: { readonly target: Build.CompileTarget; readonly path: string };
}

export const version = packageJson.version;

/** When the commit was made, or `SOURCE_DATE_EPOCH` (reproducible-builds.org): seconds since 1970. */
export async function sourceDate(): Promise<number> {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given) return Number(given);
  const commit = (await $`git log -1 --format=%ct`.nothrow().quiet().text()).trim();
  return commit === "" ? Math.floor(Date.now() / 1000) : Number(commit);
}

export async function sourceCommit(): Promise<string> {
  return (await $`git rev-parse HEAD`.nothrow().quiet().text()).trim() || "unknown";
}

let licenses: string | undefined;

/** The same sources give the same bytes. Ends the process if they cannot be compiled. */
export async function compile({ outfile, bytecodeOrder, runtime }: CompileOptions): Promise<void> {
  licenses ??= await thirdPartyLicenses();
  const commit = await sourceCommit();
  const date = new Date((await sourceDate()) * 1000);
  const result = await Bun.build({
    entrypoints,
    target: "bun",
    minify: true,
    bytecode: true,
    splitting: true,
    format: "esm",
    define: {
      FLAGD_VERSION: JSON.stringify(version),
      FLAGD_COMMIT: JSON.stringify(commit.slice(0, 7)),
      FLAGD_DATE: JSON.stringify(date.toISOString()),
      FLAGD_LICENSES: JSON.stringify(licenses),
      FLAGD_PAGE: JSON.stringify(await bundlePage()),
    },
    compile: {
      outfile,
      ...(runtime && { target: runtime.target, executablePath: runtime.path }),
      bytecodeOrder: bytecodeOrder ?? false,
      // Much runs once at the start; `runtime/compilation.ts` sets it back to 1 after that.
      jitPolicy: 8,
      // `runtime/signals.ts` writes them to the log.
      execArgv: ["--no-warnings"],
      // What lies in the working directory of a daemon must not change it.
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
  });
  if (result.success) return;
  for (const message of result.logs) console.error(message);
  process.exit(1);
}
