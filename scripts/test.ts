/**
 * Builds the executable that tests run, and runs them. Arguments go to `bun test`: `npm test -- tests/unit`.
 *
 * Without arguments all tests are run, and what they need is installed where that can be done without asking (on Debian, as
 * root). With arguments nothing is: what is missing for the chosen tests is named.
 * Up to three files with servers and processes that failed beside the others are run once more, alone, and named.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { failedFiles, mayRunAgain } from "./failed-files.ts";
import { MissingRequirement, requirements } from "./requirements.ts";
import { needsOf } from "./test-needs.ts";

const chosen = process.argv.slice(2);
const paths = chosen.filter((word) => !word.startsWith("-"));
const { programs, executable } = await needsOf(paths.length > 0 ? paths : ["tests"]);

try {
  await requirements(programs, { install: chosen.length === 0 });
} catch (error) {
  if (!(error instanceof MissingRequirement)) throw error;
  console.error(error.message);
  process.exit(1);
}

const run = (...command: string[]): number =>
  Bun.spawnSync(command, { stdio: ["inherit", "inherit", "inherit"] }).exitCode;

if (executable && run(process.execPath, "build.ts") !== 0) process.exit(1);

const test = [process.execPath, "test", "--only-failures", "--timeout=30000"];
const folder = mkdtempSync(join(tmpdir(), "flagd-test-"));
const report = join(folder, "report.xml");
const reporter = ["--reporter=junit", `--reporter-outfile=${report}`];
const status = run(...test, "--parallel=2", ...reporter, ...chosen);
const failed = existsSync(report) ? failedFiles(readFileSync(report, "utf8")) : [];
rmSync(folder, { recursive: true });
if (status === 0 || !mayRunAgain(failed)) process.exit(status);

const names = failed.join(", ");
console.error(`\nFailed beside other tests, now alone: ${names}`);
const again = run(...test, ...failed);
if (again === 0) console.error(`\nPassed alone, so there is a race in it or in flagd: ${names}`);
process.exit(again);
