/**
 * Packets that do not arrive, in a network namespace of the torture's own: nothing outside it is touched. Needs Linux,
 * root, `unshare`, `setpriv`, `ip` and `iptables`.
 */
import { output } from "../suite.ts";

const variable = "FLAGD_TORTURE_NAMESPACE";

/** Whether this process is in a namespace in which packets may be dropped. */
export const inNamespace = process.env[variable] === "1";

/** Groups that processes run as: packets are told apart by the group that opened the connection. */
export const groups = { direct: 5001, relayed: 5002, sentinels: 5003 } as const;

/** Of the servers of a cluster. */
export const nodeGroup = (index: number) => 5010 + index;
const maxNodes = 6;

/** Whom a process of a namespace runs as; elsewhere packets are not told apart. */
export const grouped = (group: number) => (inNamespace ? { group } : {});

/** Runs this script again in a namespace of its own. @returns its exit status */
export async function runInNamespace(): Promise<number> {
  const all = [
    ...Object.values(groups),
    ...Array.from({ length: maxNodes }, (_, n) => nodeGroup(n)),
  ];
  const mark = all.map(
    (group) =>
      `iptables -w -A OUTPUT -p tcp -m owner --gid-owner ${group} -j CONNMARK --set-mark ${group} && `,
  );
  const script = `ip link set lo up && ${mark.join("")}exec "$@"`;
  const enter = ["unshare", "-n", "sh", "-c", script, "sh"];
  const child = Bun.spawn([...enter, ...process.argv], {
    env: { ...process.env, [variable]: "1" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  return await child.exited;
}

/**
 * Cuts servers off by their ports, from all or from a group, which keeps its other connections.
 * @returns what ends that
 */
export async function cutOff(
  ports: readonly number[],
  group?: number,
): Promise<() => Promise<void>> {
  if (!inNamespace) throw new Error("packets are dropped in a namespace of our own only");
  const opened = group === undefined ? [] : ["-m", "connmark", "--mark", `${group}`];
  const between = ["-p", "tcp", "-m", "multiport", "--ports", ports.join(), ...opened];
  const rule = ["INPUT", ...between, "-j", "DROP"];
  await output(["iptables", "-w", "-I", ...rule]);
  return async () => void (await output(["iptables", "-w", "-D", ...rule]));
}
