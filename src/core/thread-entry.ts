import { buildInfo } from "./process-info.ts";

// Replaced at build time in the npm package; not there otherwise.
declare const FLAGD_NPM_PACKAGE: true | undefined;

/**
 * The module that a thread runs, by its name in `src`. A compiled executable knows it by its path below
 * the entry point's folder; in the npm package it lies beside the bundled code.
 */
export function threadEntry(name: "worker" | "source-thread"): URL | string {
  if (buildInfo.version === "dev") return new URL(`../${name}.ts`, import.meta.url);
  if (typeof FLAGD_NPM_PACKAGE !== "undefined") return new URL(`./${name}.js`, import.meta.url);
  return `./${name}.ts`;
}
