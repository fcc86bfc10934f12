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
import { compile } from "./scripts/compile.ts";
import { recordStarts } from "./scripts/record-starts.ts";

const outfile = process.argv[2] ?? "dist/flagd";
const folder = mkdtempSync(join(tmpdir(), "flagd-build-"));
try {
  const first = join(folder, "flagd");
  await compile({ outfile: first });
  await compile({ outfile, bytecodeOrder: await recordStarts(first, folder) });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${outfile}: ${(Bun.file(outfile).size / 1e6).toFixed(0)} MB`);
