/** Fails when generated code is not what its protocol files generate. */
import { $ } from "bun";

await $`npm run --silent generate`.quiet();
const folders = ["src/gen", "tests/support/otlp/gen"];
const changed = (await $`git status --porcelain -- ${folders}`.text()).trim();
if (changed) {
  console.error(
    `generated code differs from its protocol files; run "npm run generate" and commit:\n${changed}`,
  );
  process.exit(1);
}
