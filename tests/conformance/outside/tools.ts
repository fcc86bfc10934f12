/** The conformance tools: found where Go or the PATH has them, else built by Go. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { which } from "bun";
import { cachedFolder } from "../../support/cache.ts";

export const tools = {
  connectconformance: {
    module: "connectrpc.com/conformance/cmd/connectconformance",
    version: "v1.0.7",
  },
  h2spec: { module: "github.com/summerwind/h2spec/cmd/h2spec", version: "v2.2.1+incompatible" },
} as const;

export type Tool = keyof typeof tools;

/**
 * The path of a tool.
 * @throws Error that says what to do if it neither is there nor can be built.
 */
export async function findTool(name: Tool): Promise<string> {
  const { module, version } = tools[name];
  const found = which(name) ?? installedByGo(name);
  if (found && isVersion(found, name)) return found;
  if (!which("go")) {
    throw new Error(
      `${name} ${version} is not there, and neither is Go, which builds it.\n` +
        `Install Go (https://go.dev/dl) and run this again, or, where Go is:\n` +
        `  go install ${module}@${version}\n` +
        `and put the program on the PATH.`,
    );
  }
  const folder = await cachedFolder(`${name}-${version}`, async (folder) => {
    console.log(`Building ${name} ${version} …`);
    const { exitCode, stderr } = Bun.spawnSync(["go", "install", `${module}@${version}`], {
      env: { ...process.env, GOBIN: folder },
      stdio: ["ignore", "ignore", "pipe"],
    });
    if (exitCode !== 0) throw new Error(`${name} cannot be built:\n${stderr.toString()}`);
  });
  return join(folder, name);
}

function installedByGo(name: string): string | undefined {
  const bin = process.env.GOBIN || join(process.env.GOPATH || join(homedir(), "go"), "bin");
  const path = join(bin, name);
  return existsSync(path) ? path : undefined;
}

/** The cases of connectconformance grow from version to version; those of h2spec have long been the same. */
function isVersion(path: string, name: Tool): boolean {
  if (name === "h2spec") return true;
  const { stdout } = Bun.spawnSync([path, "--version"], { stdio: ["ignore", "pipe", "ignore"] });
  return stdout.toString().trim().endsWith(` ${tools[name].version}`);
}
