/** The protocol of the conformance suite, from the suite's own Go module. */
import { join } from "node:path";
import { which } from "bun";
import { cachedFolder } from "../../support/cache.ts";
import { tools } from "./tools.ts";

const module = "connectrpc.com/conformance";

/**
 * The path of a file with the descriptors (FileDescriptorSet) of the suite's protocol files; made
 * once for each version of the suite.
 * @throws Error if Go is missing, or what Go or buf said
 */
export async function protocolDescriptors(): Promise<string> {
  const { version } = tools.connectconformance;
  const folder = await cachedFolder(`connectconformance-protocol-${version}`, async (folder) => {
    if (!which("go")) throw new Error(`Go is missing, which downloads ${module} ${version}`);
    const download = await output(folder, "go", "mod", "download", "-json", `${module}@${version}`);
    const source: unknown = JSON.parse(download).Dir;
    if (typeof source !== "string") throw new Error(`go says no folder of ${module}:\n${download}`);
    const buf = join(import.meta.dir, "../../../node_modules/.bin/buf");
    await output(folder, buf, "build", join(source, "proto"), "-o", join(folder, "all.binpb"));
  });
  return join(folder, "all.binpb");
}

async function output(cwd: string, ...command: string[]): Promise<string> {
  const child = Bun.spawn(command, { cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}
