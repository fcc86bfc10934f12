/**
 * Makes `dist/flagd`, or the file named: one executable that needs nothing beside it. It is built
 * twice, for what a start of the first needs lies together in the second, which starts faster for it.
 *
 * On x64 Bun has a single runtime that needs only SSE4.2 and picks AVX2 code by itself, so there is
 * no separate build for older CPUs.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { $ } from "bun";
import packageJson from "./package.json";
import { entrypoints, thirdPartyLicenses } from "./scripts/third-party-licenses.ts";

const outfile = process.argv[2] ?? "dist/flagd";
const commit = (await $`git rev-parse --short HEAD`.nothrow().quiet().text()).trim() || "unknown";
const licenses = await thirdPartyLicenses();

async function build(file: string, bytecodeOrder: string | false): Promise<void> {
  const result = await Bun.build({
    entrypoints,
    target: "bun",
    minify: true,
    bytecode: true,
    splitting: true,
    format: "esm",
    define: {
      FLAGD_VERSION: JSON.stringify(packageJson.version),
      FLAGD_COMMIT: JSON.stringify(commit),
      FLAGD_DATE: JSON.stringify(new Date().toISOString()),
      FLAGD_LICENSES: JSON.stringify(licenses),
    },
    compile: {
      outfile: file,
      bytecodeOrder,
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

/** Starts the daemon as it is used most, and has it write down which functions that takes. */
async function recordStart(binary: string, profile: string): Promise<void> {
  const ports = ["-p", "-m", "-r", "-g"].flatMap((option) => [option, "0"]);
  const daemon = Bun.spawn([binary, "start", "--uri", "file:examples/flags.json", ...ports], {
    env: { ...process.env, BUN_BYTECODE_ORDER_OUT: profile },
    timeout: 30_000,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  let told = false;
  const decoder = new TextDecoder();
  for await (const chunk of daemon.stderr) {
    log += decoder.decode(chunk, { stream: true });
    if (told || !log.includes("ready: every source has delivered")) continue;
    // Once: a second signal means haste.
    daemon.kill("SIGTERM");
    told = true;
  }
  if ((await daemon.exited) !== 0) throw new Error(`the daemon just built does not start:\n${log}`);
}

const folder = mkdtempSync(join(tmpdir(), "flagd-build-"));
try {
  const first = join(folder, "flagd");
  const profile = join(folder, "start.order");
  await build(first, false);
  await recordStart(first, profile);
  await build(outfile, profile);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${outfile}: ${(Bun.file(outfile).size / 1e6).toFixed(0)} MB`);
