/** Fails when `src/gen` is not what `proto/` generates. */
import { $ } from "bun";

await $`npm run --silent generate`.quiet();
const changed = (await $`git status --porcelain -- src/gen`.text()).trim();
if (changed) {
  console.error(`src/gen differs from proto/; run "npm run generate" and commit:\n${changed}`);
  process.exit(1);
}
