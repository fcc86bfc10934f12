import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { runIn } from "../../../scripts/release/smoke.ts";
import { targets } from "../../../scripts/release/targets.ts";
import { tryDaemon } from "../../../scripts/release/try-daemon.ts";
import { expectEqual, output } from "../suite.ts";
import type { Release } from "./run.ts";

interface Config {
  readonly config: {
    readonly User: string;
    readonly Entrypoint: readonly string[];
    readonly Healthcheck: { readonly Test: readonly string[] };
    readonly Labels: Readonly<Record<string, string>>;
  };
}

/** As OpenFeature's operator starts it; `--management-port`, `--port` and `--ofrep-port` are among those that are added. */
const operatorArguments = ["--debug", "--context-value", "region=eu", "--cors-origin", "*"];
const operatorEnvironment = {
  FLAGD_SOCKET_PATH: "",
  FLAGD_EVALUATOR: "json",
  FLAGD_SYNC_PROVIDER: "kubernetes",
  FLAGD_LOG_FORMAT: "json",
  FLAGD_PROBES_ENABLED: "true",
  FLAGD_RESOLVER: "rpc",
  FLAGD_OFREP_PORT: "8016",
} as const;

/** Copies the image out of its file as a registry's client does, and runs it as an engine would. */
export async function checkImage(release: Release, work: string): Promise<string> {
  const file = release.file("-image.tar");
  let took = 0;
  for (const { architecture, libc } of targets) {
    if (libc !== "glibc") continue;
    const began = performance.now();
    const layout = join(work, architecture.debian);
    const copy = ["skopeo", "copy", "--quiet", "--override-arch", architecture.debian];
    await output([...copy, `oci-archive:${file}:${release.version}`, `dir:${layout}`]);
    const manifest = await Bun.file(join(layout, "manifest.json")).json();
    const blob = ({ digest }: { digest: string }) => join(layout, digest.replace("sha256:", ""));
    expectEqual(manifest.layers.length, 1);
    const { config } = (await Bun.file(blob(manifest.config)).json()) as Config;
    expectEqual(config.User, "65532:65532");
    expectEqual(config.Entrypoint, ["/flagd"]);
    expectEqual(config.Healthcheck.Test, ["CMD", "/flagd", "health"]);
    expectEqual(config.Labels["org.opencontainers.image.version"], release.version);
    const root = join(work, "root");
    mkdirSync(root);
    await output(["tar", "-xzf", blob(manifest.layers[0]), "-C", root]);
    copyFileSync("examples/flags.json", join(root, "flags.json"));
    const command = runIn(root, architecture, operatorEnvironment);
    const sources = JSON.stringify([{ uri: "/flags.json", provider: "file" }]);
    await tryDaemon([...command, "start", "--sources", sources, ...operatorArguments]);
    if (architecture.name === process.arch) took = performance.now() - began;
    const help = await output([...command, "health", "--help"]);
    if (!help.includes("--addr")) throw new Error(help);
    await output(["rm", "-r", root]);
  }
  // What an engine without images of several platforms reads.
  await output(["skopeo", "copy", "--quiet", `docker-archive:${file}`, `dir:${join(work, "old")}`]);
  return `copied, unpacked, started, evaluated in ${(took / 1000).toFixed(1)} s`;
}
