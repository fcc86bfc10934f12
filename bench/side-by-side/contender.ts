import { freePorts } from "../../tests/support/ports.ts";
import { staticFlag } from "./flags.ts";
import { firstThread, type Usage, usageOf } from "./process-tree.ts";

/** One of the daemons compared. */
export interface Contender {
  readonly name: string;
  readonly binary: string;
  /** More options of its `start`. */
  readonly options?: readonly string[];
}

export interface Server extends AsyncDisposable {
  readonly port: number;
  readonly managementPort: number;
  readonly ofrepPort: number;
  readonly syncPort: number;
  /** Milliseconds from creating the process until `/readyz` answered 200. */
  readonly readyMs: number;
  /** And until it evaluated a flag. Go flagd is ready before it has read any flags. */
  readonly evaluatedMs: number;
  /** Of its first process. */
  readonly pid: number;
  usage(): Usage;
  /** Milliseconds of CPU of its first thread: of ours the one that serves. */
  firstThreadRan(): number;
}

/** Go flagd takes half a minute to load tens of thousands of flags. */
const patienceMs = 60_000;

/**
 * Starts a daemon on free ports of which each service has its own.
 * @param source as `--uri` takes it, or a list as `--sources` does
 * @param key of a flag of it
 * @throws Error where it ends or is not ready in time
 */
export async function startServer(
  { name, binary, options = [] }: Contender,
  source: string,
  key = staticFlag,
): Promise<Server> {
  const [port = 0, managementPort = 0, syncPort = 0, ofrepPort = 0] = await freePorts(4);
  const ports = ["-p", port, "-m", managementPort, "-g", syncPort, "-r", ofrepPort];
  const started = performance.now();
  const option = source.startsWith("[") ? "--sources" : "--uri";
  const child = Bun.spawn([binary, "start", option, source, ...ports.map(String), ...options], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  const stop = async () => {
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    child.kill("SIGTERM");
    await child.exited;
    clearTimeout(timer);
  };
  const until = async (request: Request): Promise<number> => {
    while (!(await answersOk(request.clone()))) {
      if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
      if (performance.now() - started > patienceMs) {
        await stop();
        throw new Error(`${name} does not answer ${request.url} after ${patienceMs / 1000} s`);
      }
      await Bun.sleep(1);
    }
    return performance.now() - started;
  };
  const host = "http://127.0.0.1";
  const ready = new Request(`${host}:${managementPort}/readyz`);
  const flag = `${host}:${ofrepPort}/ofrep/v1/evaluate/flags/${key}`;
  const readyMs = await until(ready);
  const evaluatedMs = await until(new Request(flag, { method: "POST", body: "{}" }));
  return {
    port,
    managementPort,
    ofrepPort,
    syncPort,
    readyMs,
    evaluatedMs,
    pid: child.pid,
    usage: () => usageOf(child.pid),
    firstThreadRan: () => firstThread(child.pid).ran,
    [Symbol.asyncDispose]: stop,
  };
}

async function answersOk(request: Request): Promise<boolean> {
  try {
    return (await fetch(request, { keepalive: false })).ok;
  } catch {
    return false;
  }
}
