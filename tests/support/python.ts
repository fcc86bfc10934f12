import { join } from "node:path";
import { cachedFolder } from "./cache.ts";

/**
 * The path of a Python interpreter that has `packages` (`name==version`, from PyPI), in an environment
 * of its own. The first call installs them, later ones of any process find them.
 * @throws if python3, its venv module or a package cannot be had, with what pip said
 */
export async function python(packages: readonly string[]): Promise<string> {
  const sorted = [...packages].sort();
  const name = `python-${Bun.hash(sorted.join(" ")).toString(36)}`;
  const folder = await cachedFolder(name, async (folder) => {
    await run("python3", "-m", "venv", "--clear", folder);
    if (sorted.length > 0) await pip(interpreter(folder), "install", ...sorted);
  });
  return interpreter(folder);
}

/** Runs pip. @throws with its output if it fails */
export async function pip(interpreter: string, ...args: readonly string[]): Promise<void> {
  await run(interpreter, "-m", "pip", "--disable-pip-version-check", "--quiet", ...args);
}

function interpreter(folder: string): string {
  return join(folder, "bin", "python");
}

async function run(...command: string[]): Promise<void> {
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
}
