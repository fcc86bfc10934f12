/** What the operating system (Linux) says about a process and all its descendants. */
import { readdirSync, readFileSync } from "node:fs";

export interface Usage {
  /** Microseconds of CPU, user and system, of living processes and of those they waited for. */
  readonly cpuMicros: number;
  /** Resident bytes. */
  readonly memory: number;
}

/** USER_HZ, which is 100 on every architecture in use. */
const ticksPerSecond = 100;

/** @throws Error of the file system where the process has ended */
export function usageOf(pid: number): Usage {
  const usages = treeOf(pid).map(usageOfOne);
  return {
    cpuMicros: usages.reduce((sum, { cpuMicros }) => sum + cpuMicros, 0),
    memory: usages.reduce((sum, { memory }) => sum + memory, 0),
  };
}

/** Milliseconds that a process's first thread has run, and that it has waited for a processor. */
export function firstThread(pid: number): { readonly ran: number; readonly waited: number } {
  const text = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8");
  const [ran = 0, waited = 0] = text.split(" ").map((nanoseconds) => Number(nanoseconds) / 1e6);
  return { ran, waited };
}

function treeOf(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`)
    .map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8"))
    .flatMap((list) => list.split(" ").filter(Boolean).map(Number));
  return [pid, ...children.flatMap(treeOf)];
}

function usageOfOne(pid: number): Usage {
  // The name, second of the fields, is in parentheses and may contain anything.
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  const [, kilobytes = "0"] =
    /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return { cpuMicros: (ticks * 1e6) / ticksPerSecond, memory: Number(kilobytes) * 1024 };
}
