/**
 * Sets up what the tests need, builds the executable they run, and runs them all.
 * Arguments go to `bun test`: `npm test -- tests/unit`.
 */
import { type MissingRequirement, requirements } from "./requirements.ts";

try {
  await requirements(["redis-server", "redis-cli", "openssl", "chromium", "python3"]);
} catch (error) {
  console.error((error as MissingRequirement).message);
  process.exit(1);
}

const run = (...command: string[]): number =>
  Bun.spawnSync(command, { stdio: ["inherit", "inherit", "inherit"] }).exitCode;

process.exit(
  run(process.execPath, "build.ts") ||
    run(
      process.execPath,
      "test",
      "--parallel=2",
      "--only-failures",
      "--timeout=30000",
      ...process.argv.slice(2),
    ),
);
