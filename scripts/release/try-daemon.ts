import { readFileSync } from "node:fs";
import { freePorts } from "../../tests/support/ports.ts";

const patienceMs = 60_000;

/**
 * Starts a daemon on the example flags, evaluates one over OFREP and stops it.
 * @param command starts it with the flags of `examples/flags.json`; the ports are added
 * @returns milliseconds from its start until it was ready
 * @throws Error with its log if it does not answer as it should
 */
export async function tryDaemon(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const [http = 0, port = 0, sync = 0] = await freePorts(3);
  const ports = ["-m", `${http}`, "-r", `${http}`, "-p", `${port}`, "-g", `${sync}`];
  const started = performance.now();
  const daemon = Bun.spawn([...command, ...ports, "--listen", "127.0.0.1"], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe"],
    timeout: 2 * patienceMs,
  });
  const log = new Response(daemon.stderr).text();
  const fail = async (what: string) => {
    daemon.kill("SIGKILL");
    return new Error(`${command.join(" ")}: ${what}\n${await log}`);
  };
  const url = `http://127.0.0.1:${http}`;
  while (!(await isReady(url))) {
    if (daemon.exitCode !== null) throw await fail(`ended with ${daemon.exitCode}`);
    if (performance.now() - started > patienceMs) throw await fail("not ready");
    await Bun.sleep(10);
  }
  const took = performance.now() - started;
  const answer = await fetch(`${url}/ofrep/v1/evaluate/flags/new-checkout`, {
    method: "POST",
    body: JSON.stringify({ context: { targetingKey: "user-1", email: "ann@example.com" } }),
  });
  const { value, reason } = (await answer.json()) as { value?: unknown; reason?: unknown };
  if (value !== true || reason !== "TARGETING_MATCH") throw await fail(`answered ${value}`);
  process.kill(innermost(daemon.pid), "SIGTERM");
  const code = await daemon.exited;
  if (code !== 0) throw await fail(`ended with ${code} when asked to stop`);
  return took;
}

/** What starts a daemon may stay in between, and take the signal for itself. */
function innermost(pid: number): number {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
  return child ? innermost(Number(child)) : pid;
}

async function isReady(url: string): Promise<boolean> {
  return (await fetch(`${url}/readyz`).catch(() => undefined))?.ok === true;
}
