/** The providers: how each language's helper is installed, at pinned versions, and started. */
import { cpSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { cachedFolder } from "../../support/cache.ts";
import { python } from "../../support/python.ts";
import { output } from "../suite.ts";

export const modes = ["rpc", "in-process", "ofrep"] as const;
export type Mode = (typeof modes)[number];

export interface Language {
  readonly name: string;
  /** What is installed, as the package registry names it. */
  readonly packages: string;
  /** Installs the packages unless they are there. @returns the command that runs the helper */
  install(): Promise<readonly string[]>;
}

const here = import.meta.dir;

/** Built once for each content of the language's folder. */
async function built(name: string, build: (folder: string) => Promise<void>): Promise<string> {
  const files = await Array.fromAsync(
    new Bun.Glob("**/*").scan({ cwd: join(here, name), dot: false }),
  );
  const contents = await Promise.all(
    files.sort().map((file) => Bun.file(join(here, name, file)).text()),
  );
  const hash = Bun.hash(contents.join("\0")).toString(36);
  return cachedFolder(`outside-${name}-${hash}`, async (folder) => {
    console.log(`Installing the ${name} provider …`);
    cpSync(join(here, name), folder, { recursive: true });
    await build(folder);
  });
}

export const languages: readonly Language[] = [
  {
    name: "python",
    packages: "openfeature-provider-flagd 0.6.1, openfeature-provider-ofrep 0.3.0",
    async install() {
      const interpreter = await python([
        "openfeature-provider-flagd==0.6.1",
        "openfeature-provider-ofrep==0.3.0",
      ]);
      return [interpreter, join(here, "python/client.py")];
    },
  },
  {
    name: "node",
    packages: "@openfeature/flagd-provider 0.16.1, @openfeature/ofrep-provider 0.1.3",
    async install() {
      return ["node", join(here, "node/client.mjs")];
    },
  },
  {
    name: "go",
    packages: "go-sdk-contrib/providers/flagd v0.4.0, go-sdk-contrib/providers/ofrep v0.1.7",
    async install() {
      const folder = await built("go", async (folder) => {
        await output(["go", "build", "-o", "client", "."], { cwd: folder });
      });
      return [join(folder, "client")];
    },
  },
  {
    name: "java",
    packages: "dev.openfeature.contrib.providers:flagd 0.11.15, :ofrep 0.0.2",
    async install() {
      const folder = await built("java", async (folder) => {
        const maven = ["mvn", "-q", "-B", "dependency:build-classpath"];
        await output([...maven, "-Dmdep.outputFile=classpath"], { cwd: folder });
      });
      const classpath = await Bun.file(join(folder, "classpath")).text();
      return ["java", "-cp", classpath, join(folder, "Client.java")];
    },
  },
  {
    name: "rust",
    packages: "open-feature-flagd 0.3.0 (its OFREP resolver is open-feature-ofrep 0.1.2)",
    async install() {
      const folder = await built("rust", async (folder) => {
        const protoc = await protocolCompiler(folder);
        await output(["cargo", "build", "--locked"], { cwd: folder, env: { PROTOC: protoc } });
      });
      return [join(folder, "target/debug/client")];
    },
  },
];

/** The crate generates its messages when it is built; PyPI has the compiler for every machine. */
export async function protocolCompiler(folder: string): Promise<string> {
  const interpreter = await python(["grpcio-tools==1.76.0"]);
  const script = join(folder, "protoc");
  const include = `$(${interpreter} -c 'import grpc_tools; print(grpc_tools.__path__[0])')/_proto`;
  const command = `exec ${interpreter} -m grpc_tools.protoc -I "${include}" "$@"`;
  await Bun.write(script, `#!/bin/sh\n${command}\n`);
  await chmod(script, 0o755);
  return script;
}
