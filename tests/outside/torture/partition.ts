/**
 * Packets that do not arrive, in a network namespace of the torture's own: nothing outside it is touched. Needs Linux,
 * root, `unshare`, `ip` and `iptables`.
 */
import { output } from "../suite.ts";

const variable = "FLAGD_TORTURE_NAMESPACE";

/** Whether this process is in a namespace in which packets may be dropped. */
export const inNamespace = process.env[variable] === "1";

/** Runs this script again in a namespace of its own. @returns its exit status */
export async function runInNamespace(): Promise<number> {
  const enter = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];
  const child = Bun.spawn([...enter, ...process.argv], {
    env: { ...process.env, [variable]: "1" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  return await child.exited;
}

/** Cuts a server off by its ports, from everybody. @returns what ends that */
export async function cutOff(...ports: readonly number[]): Promise<() => Promise<void>> {
  if (!inNamespace) throw new Error("packets are dropped in a namespace of our own only");
  const rule = ["INPUT", "-p", "tcp", "-m", "multiport", "--ports", ports.join(), "-j", "DROP"];
  await output(["iptables", "-w", "-I", ...rule]);
  return async () => void (await output(["iptables", "-w", "-D", ...rule]));
}
