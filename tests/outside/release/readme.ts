import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { readPages } from "../../support/documentation.ts";
import { output } from "../suite.ts";
import { cleanRoot } from "./clean-root.ts";
import type { Release } from "./run.ts";

/**
 * Types what README.md says, from an archive to a flag that was evaluated, in a clean Debian without Node: its own
 * ports, nothing but the loopback interface. @returns how long that took
 */
export async function checkReadme(release: Release, work: string): Promise<string> {
  const root = join(work, "root");
  mkdirSync(root);
  await output(["tar", "-xf", await cleanRoot(), "-C", root]);
  const name = `flagd-${release.version}-linux-x64.tar.gz`;
  const empty = join(root, "root/empty");
  mkdirSync(empty);
  copyFileSync(join(release.folder, name), join(empty, name));
  const page = (await readPages()).find(({ path }) => path === "README.md");
  const [install, store, ask, answer] = (page?.blocks ?? []).filter(
    ({ language, mark }) => ["sh", "json"].includes(language) || mark,
  );
  const archive = install?.text.split("\n").find((line) => line.startsWith("tar "));
  if (!archive?.includes(name) || !store || !ask || answer?.mark !== "gives") {
    throw new Error(`README.md does not begin with ${name}, storing, asking and an answer`);
  }
  const script = `set -eu
if command -v node npm bun; then exit 1; fi
redis-server --daemonize yes > /dev/null
until redis-cli ping > /dev/null 2>&1; do sleep 0.1; done
date +%s.%N
${archive}
${store.text.replace(/^flagd start .*$/m, "$& 2> log &")}
until grep -q 'ready: every source has delivered flags' log; do sleep 0.02; done
${ask.text}
echo
date +%s.%N
`;
  await Bun.write(join(root, "root/readme.sh"), script);
  const said = await output([
    ...["bwrap", "--bind", root, "/", "--unshare-all", "--die-with-parent", "--clearenv"],
    ...["--proc", "/proc", "--dev", "/dev", "--setenv", "PATH", "/usr/bin:/bin"],
    ...["--chdir", "/root/empty", "bash", "/root/readme.sh"],
  ]);
  if (!said.includes(answer.text.trim())) throw new Error(said);
  const [from = 0, to = 0] = [...said.matchAll(/^\d+\.\d+$/gm)].map(Number);
  return `unpacked, started, evaluated in ${(to - from).toFixed(1)} s`;
}
