/**
 * Runs the conformance suites of others: connectconformance against flagd's transport, and h2spec
 * against the evaluation and sync ports of `dist/flagd`. Prints figures; exits 1 if a case fails
 * that is not known to fail, or passes though it is.
 *
 * `--if-possible`: where the tools are missing and cannot be built, says so and exits 0.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  fastPath,
  fullPath,
  runConnect,
  type Summary,
} from "../tests/conformance/outside/connect.ts";
import { runH2spec } from "../tests/conformance/outside/h2spec.ts";
import { protocolDescriptors } from "../tests/conformance/outside/protocol.ts";
import { findTool } from "../tests/conformance/outside/tools.ts";
import { startFlagd } from "../tests/support/flagd.ts";
import { sampleDocument } from "../tests/support/sample-flags.ts";

let connectconformance: string;
let descriptors: string;
let h2spec: string;
try {
  connectconformance = await findTool("connectconformance");
  descriptors = await protocolDescriptors();
  h2spec = await findTool("h2spec");
} catch (error) {
  const optional = process.argv.includes("--if-possible");
  console.error((error as Error).message);
  if (optional) console.error("The outside conformance suites were not run.");
  process.exit(optional ? 0 : 1);
}

const build = Bun.spawnSync([process.execPath, "build.ts"], {
  stdio: ["ignore", "inherit", "inherit"],
});
if (build.exitCode !== 0) process.exit(1);

const summaries = [
  await twice(() => runConnect(connectconformance, descriptors, fullPath)),
  await twice(() => runConnect(connectconformance, descriptors, fastPath)),
  ...(await runH2specs(h2spec)),
];
let good = true;
for (const { name, cases, passed, known, complaint } of summaries) {
  console.log(`${name}: ${cases} cases, ${passed} passed, ${known} failures as known`);
  if (complaint === "") continue;
  good = false;
  console.log(complaint);
}
process.exit(good ? 0 : 1);

/** Some cases measure deadlines to half a second: a machine that was busy for a moment gets a second run, and is told. */
async function twice(run: () => Promise<Summary>): Promise<Summary> {
  const first = await run();
  if (first.complaint === "") return first;
  console.log(`${first.name}, once more because of:\n${first.complaint}`);
  return run();
}

async function runH2specs(tool: string): Promise<Summary[]> {
  const folder = mkdtempSync(join(tmpdir(), "flagd-h2spec-flags-"));
  const flags = join(folder, "flags.json");
  await Bun.write(flags, JSON.stringify(sampleDocument));
  try {
    await using flagd = await startFlagd(["-f", `file:${flags}`]);
    return await Promise.all([
      runH2spec(tool, "h2spec, evaluation port", flagd.port),
      runH2spec(tool, "h2spec, sync port", flagd.syncPort),
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
