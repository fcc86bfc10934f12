import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { freePorts } from "./ports.ts";
import { runningAs } from "./process-group.ts";
import { until } from "./until.ts";

export const binary = resolve(import.meta.dir, "../../dist/flagd");

export interface Flagd extends AsyncDisposable {
  readonly port: number;
  readonly httpPort: number;
  readonly syncPort: number;
  /** `http://127.0.0.1:<httpPort>`, for OFREP and management. */
  readonly http: string;
  readonly pid: number;
  readonly exited: Promise<number>;
  /** Everything written to stderr so far. */
  log(): string;
  signal(name: NodeJS.Signals): void;
  stop(): Promise<number>;
}

export interface FlagdOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Do not wait for /readyz. */
  readonly unready?: boolean;
  readonly cwd?: string;
  /** Where probes are answered, if not with OFREP or not without TLS. */
  readonly probes?: string;
  /** The most that it may have open. */
  readonly openFiles?: number;
  /** Number of the group that it runs as. */
  readonly group?: number | undefined;
}

/** Runs the built `flagd start` on free ports from an empty folder; extra `args` follow the ports. */
export async function startFlagd(
  args: readonly string[],
  options: FlagdOptions = {},
): Promise<Flagd> {
  const [port = 0, httpPort = 0, syncPort = 0] = await freePorts(3);
  const ports = ["-p", `${port}`, "-m", `${httpPort}`, "-r", `${httpPort}`, "-g", `${syncPort}`];
  const folder = mkdtempSync(join(tmpdir(), "flagd-test-"));
  const limited = options.openFiles
    ? ["sh", "-c", `ulimit -n ${options.openFiles} && exec "$@"`, "sh"]
    : [];
  const grouped = options.group === undefined ? [] : runningAs(options.group);
  const child = Bun.spawn([...grouped, ...limited, binary, "start", ...ports, ...args], {
    cwd: options.cwd ?? folder,
    env: { ...process.env, ...options.env },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  let text = "";
  const drained = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stderr) text += decoder.decode(chunk, { stream: true });
  })();
  const exited = child.exited.then(async (code) => {
    await drained;
    rmSync(folder, { recursive: true, force: true });
    return code;
  });
  const stop = () => {
    child.kill("SIGTERM");
    return exited;
  };
  const http = `http://127.0.0.1:${httpPort}`;
  const flagd: Flagd = {
    port,
    httpPort,
    syncPort,
    http,
    pid: child.pid,
    exited,
    log: () => text,
    signal: (name) => child.kill(name),
    stop,
    async [Symbol.asyncDispose]() {
      const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
      await stop();
      clearTimeout(timer);
    },
  };
  try {
    const path = options.unready ? "/healthz" : "/readyz";
    await until(`flagd answering ${path}`, async () => {
      if (child.exitCode !== null) return true;
      return (await fetch((options.probes ?? http) + path)).ok;
    });
  } catch (error) {
    await flagd[Symbol.asyncDispose]();
    throw new Error(`${error}\n${text}`);
  }
  if (child.exitCode !== null) throw new Error(`flagd ended with ${await exited}:\n${text}`);
  return flagd;
}

/** Runs the built binary to its end. */
export async function runFlagd(
  args: readonly string[],
  options: { env?: Readonly<Record<string, string>>; cwd?: string } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = Bun.spawn([binary, ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: { ...process.env, ...options.env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}
