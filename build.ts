/**
 * Makes `dist/flagd`, or the file named: one executable that needs nothing beside it.
 *
 * On x64 Bun has a single runtime that needs only SSE4.2 and picks AVX2 code by itself, so there is
 * no separate build for older CPUs.
 */
import { $ } from "bun";
import packageJson from "./package.json";

const outfile = process.argv[2] ?? "dist/flagd";
const commit = (await $`git rev-parse --short HEAD`.nothrow().quiet().text()).trim() || "unknown";

const result = await Bun.build({
  entrypoints: ["src/main.ts", "src/worker.ts"],
  target: "bun",
  minify: true,
  bytecode: true,
  format: "esm",
  define: {
    FLAGD_VERSION: JSON.stringify(packageJson.version),
    FLAGD_COMMIT: JSON.stringify(commit),
    FLAGD_DATE: JSON.stringify(new Date().toISOString()),
  },
  compile: {
    outfile,
    // What lies in the working directory of a daemon must not change it.
    autoloadDotenv: false,
    autoloadBunfig: false,
    autoloadTsconfig: false,
    autoloadPackageJson: false,
  },
});

if (!result.success) {
  for (const message of result.logs) console.error(message);
  process.exit(1);
}
console.log(`${outfile}: ${(Bun.file(outfile).size / 1e6).toFixed(0)} MB`);
