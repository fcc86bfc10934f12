import { spawn } from "node:child_process";
import { SourceError } from "../source.ts";

/** A command that prints credentials, as a kubeconfig describes it. */
export interface ExecPlugin {
  readonly apiVersion?: string;
  readonly command?: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
}

/** What it printed; https://kubernetes.io/docs/reference/config-api/client-authentication.v1/ */
export interface ExecStatus {
  readonly token?: string;
  readonly clientCertificateData?: string;
  readonly clientKeyData?: string;
  readonly expirationTimestamp?: string;
}

/** Those of the clouds take a second or two, and some more behind a slow proxy. */
export const maxPluginMs = 30_000;
const maxOutput = 1 << 20;

/**
 * Runs a plugin, which is killed when it takes too long or the signal aborts.
 * @throws SourceError that names the command
 */
export async function runPlugin(
  plugin: ExecPlugin,
  maxMs: number,
  signal: AbortSignal,
): Promise<ExecStatus> {
  return readStatus(await outputOf(plugin, maxMs, signal), nameOf(plugin));
}

function outputOf(plugin: ExecPlugin, maxMs: number, signal: AbortSignal): Promise<string> {
  const { apiVersion, command = "", args, env } = plugin;
  const info = { apiVersion, kind: "ExecCredential", spec: { interactive: false } };
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new SourceError(`${nameOf(plugin)} ${reason}`));
    const child = spawn(command, [...(args ?? [])], {
      env: {
        ...process.env,
        ...Object.fromEntries((env ?? []).map(({ name, value }) => [name, value])),
        KUBERNETES_EXEC_INFO: JSON.stringify(info),
      },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, so that what it has started itself ends with it.
      detached: true,
    });
    const end = (reason: string) => {
      fail(reason);
      if (child.pid !== undefined) kill(child.pid);
      // What has left the group may keep them open.
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const stop = () => end("was stopped");
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    const timer = setTimeout(
      () => end(`did not end within ${maxMs / 1000} s and was killed: run it by hand to see why`),
      maxMs,
    );
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    };
    let printed = "";
    let complaint = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
      if (printed.length > maxOutput) end("prints more than credentials can be");
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(0, 300);
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      done();
      fail(error.code === "ENOENT" ? "is not installed, or not in PATH" : error.message);
    });
    child.on("close", (code, signal) => {
      done();
      if (code === 0) return resolve(printed);
      const line = complaint.trim().split("\n")[0];
      fail(`ended with ${signal ?? `status ${code}`}${line ? `: ${line}` : ""}`);
    });
  });
}

function kill(group: number): void {
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // It has ended in the meantime.
  }
}

function readStatus(printed: string, name: string): ExecStatus {
  try {
    const { status } = JSON.parse(printed);
    if (typeof status === "object" && status !== null) return status;
  } catch {
    // As below.
  }
  // Not what it printed, which may have a token.
  throw new SourceError(`${name} printed no ExecCredential with a status`);
}

function nameOf({ command }: ExecPlugin): string {
  return `the credential plugin ${command || "without a command"}`;
}
