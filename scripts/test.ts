/**
 * Builds the executable that tests run, and runs them. Arguments go to `bun test`: `npm test -- tests/unit`.
 *
 * Without arguments all tests are run, and what they need is installed where that can be done without asking (on Debian, as
 * root). With arguments nothing is: what is missing for the chosen tests is named.
 */
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

const test = [process.execPath, "test", "--parallel=2", "--only-failures", "--timeout=30000"];
process.exit((executable ? run(process.execPath, "build.ts") : 0) || run(...test, ...chosen));
