/** Compiles the executable, for this machine or for another, and bundles what runs in a Bun that is there already. */
import type { Build, BuildConfig } from "bun";
import { bundlePage } from "../src/services/page/assets.ts";
import { sourceCommit, sourceDate, sourceVersion } from "./source-version.ts";
import { entrypoints, thirdPartyLicenses } from "./third-party-licenses.ts";

export interface CompileOptions {
  readonly outfile: string;
  /** A record of what a start needs, which then lies together in the executable. */
  readonly bytecodeOrder?: string;
  /** Of another system: its runtime, and its name for Bun. */
  readonly runtime?: { readonly target: Build.CompileTarget; readonly path: string };
}

/** The same sources give the same bytes. Ends the process if they cannot be compiled. */
export async function compile({ outfile, bytecodeOrder, runtime }: CompileOptions): Promise<void> {
  await build({
    ...(await commonOptions()),
    bytecode: true,
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
}

/** Writes `main.js` and what it loads to a folder. Ends the process if that cannot be done. */
export async function bundle(outdir: string): Promise<void> {
  const options = await commonOptions();
  await build({ ...options, outdir, define: { ...options.define, FLAGD_NPM_PACKAGE: "true" } });
}

let common: Promise<BuildConfig> | undefined;

function commonOptions(): Promise<BuildConfig> {
  common ??= makeCommonOptions();
  return common;
}

async function makeCommonOptions(): Promise<BuildConfig> {
  const date = new Date((await sourceDate()) * 1000);
  return {
    entrypoints,
    target: "bun",
    minify: true,
    splitting: true,
    format: "esm",
    define: {
      // grpc-js asks for its folder: without this, the bytes would depend on where this checkout lies.
      __dirname: JSON.stringify("/"),
      FLAGD_VERSION: JSON.stringify(await sourceVersion()),
      FLAGD_COMMIT: JSON.stringify((await sourceCommit()).slice(0, 7)),
      FLAGD_DATE: JSON.stringify(date.toISOString()),
      FLAGD_LICENSES: JSON.stringify(await thirdPartyLicenses()),
      FLAGD_PAGE: JSON.stringify(await bundlePage()),
    },
  };
}

async function build(options: BuildConfig): Promise<void> {
  const result = await Bun.build(options);
  if (result.success) return;
  for (const message of result.logs) console.error(message);
  process.exit(1);
}
