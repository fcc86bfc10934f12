/**
 * What many sync streams cost one server: memory a stream, time from a change to the last stream, CPU.
 * Then with a tenth of the clients reading nothing, and with all of them cut at once and back.
 *
 * Run: npm run build && bun bench/sync-streams.ts [streams=1000] [kilobytes=100]
 * Go flagd (file source) instead of redis-sync: GO_FLAGD=/path/to/flagd bun bench/sync-streams.ts
 *
 * The clients are raw HTTP/2 in a process of their own, 100 streams on each connection; on Linux.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../tests/support/ports.ts";
import { RedisServer } from "../tests/support/redis.ts";
import { until } from "../tests/support/until.ts";

/** Since it was last asked for: how many streams got a whole message, and when, in ms since 1970. */
interface Arrival {
  readonly complete: number;
  readonly first: number;
  readonly last: number;
}

/** `pause`: the first tenth of the streams, on connections of their own, reads nothing from now on. */
type Command = "count" | "connect" | "pause" | "cut";

await main(Number(process.argv[2] ?? 1000), Number(process.argv[3] ?? 100));

async function main(streams: number, kilobytes: number): Promise<void> {
  const go = process.env.GO_FLAGD;
  const [port = 0, management = 0, other = 0] = await freePorts(3);
  const folder = mkdtempSync(join(tmpdir(), "flagd-bench-"));
  const file = join(folder, "flags.json");
  await using redis = await RedisServer.start();
  let revision = 0;
  const change = async () => {
    const document = documentOf(kilobytes, revision++);
    if (go) writeFileSync(file, document);
    else await redis.set("flags", document);
  };
  await change();
  const server = Bun.spawn(
    go
      ? [
          ...[go, "start", "--uri", `file:${file}`, "-g", `${port}`, "-m", `${management}`],
          ...["-p", `${other}`, "-r", "0"],
        ]
      : [
          ...["dist/flagd", "redis-sync", "--redis-uri"],
          `redis://127.0.0.1:${redis.port}/0?key=flags`,
          ...["--redis-sync-port", `${port}`, "--management-port", `${management}`],
        ],
    { stdout: "ignore", stderr: process.env.VERBOSE ? "inherit" : "ignore" },
  );
  const ready = () =>
    until("the server", async () => (await fetch(`http://127.0.0.1:${management}/readyz`)).ok);
  await ready();

  const usage = () => ({ memory: memoryOf(server.pid), cpu: cpuOf(server.pid) });
  const start = usage();
  using group = clientGroup(port, streams);
  const connected = group.arrival(streams);
  group.tell("connect");
  await connected;
  await Bun.sleep(1000);
  const idle = usage();
  const perStream = (idle.memory - start.memory) / streams;
  print("memory of the server without streams", start.memory / 1e6, "MB");
  print(`memory a stream (${streams} streams, ${kilobytes} kB)`, perStream / 1e3, "kB");
  print("CPU of the server to send the first state to all", idle.cpu - start.cpu, "s");

  const measure = async (what: string, expected: number) => {
    const results: { first: number; last: number; cpu: number }[] = [];
    for (let i = 0; i < 5; i++) {
      const before = usage();
      const pending = group.arrival(expected);
      const changed = Date.now();
      await change();
      const { first, last } = await pending;
      results.push({
        first: first - changed,
        last: last - changed,
        cpu: usage().cpu - before.cpu,
      });
      await Bun.sleep(500);
    }
    const middle = (pick: (result: (typeof results)[0]) => number) =>
      results.map(pick).sort((a, b) => a - b)[2] ?? Number.NaN;
    print(
      `${what}: change to the first stream`,
      middle(({ first }) => first),
      "ms",
    );
    print(
      `${what}: change to the last stream`,
      middle(({ last }) => last),
      "ms",
    );
    print(`${what}: CPU of the server a change`, middle(({ cpu }) => cpu) * 1000, "ms");
  };
  await measure("all reading", streams);
  print("memory of the server afterwards", usage().memory / 1e6, "MB");

  group.tell("pause");
  await measure("a tenth reading nothing", streams - Math.ceil(streams / 10));
  print("memory of the server meanwhile", usage().memory / 1e6, "MB");

  group.tell("cut");
  const cut = Date.now();
  const again = group.arrival(streams);
  group.tell("connect");
  print("all cut and back at once: until the last has its state", (await again).last - cut, "ms");
  await Bun.sleep(1000);
  print("memory of the server afterwards", usage().memory / 1e6, "MB");

  server.kill("SIGTERM");
  await server.exited;
  rmSync(folder, { recursive: true, force: true });
}

function print(what: string, value: number, unit: string): void {
  console.log(`${what.padEnd(62)} ${value.toFixed(value < 10 ? 2 : 0).padStart(8)} ${unit}`);
}

/** Flags with targeting, about so large altogether; `revision` is in one of them. */
function documentOf(kilobytes: number, revision: number): string {
  const flags: Record<string, unknown> = {
    revision: {
      state: "ENABLED",
      variants: { it: `revision-${revision}` },
      defaultVariant: "it",
    },
  };
  const targeting = {
    if: [
      { in: [{ var: "email" }, "x".repeat(700)] },
      "on",
      {
        fractional: [
          ["on", 50],
          ["off", 50],
        ],
      },
    ],
  };
  for (let i = 0; i < kilobytes; i++) {
    const variants = { on: true, off: false };
    flags[`flag-${i}`] = { state: "ENABLED", variants, defaultVariant: "off", targeting };
  }
  return JSON.stringify({ flags });
}

/** Resident memory in bytes. */
function memoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

/** Seconds, by all its threads; Linux counts in hundredths. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The process of the clients. */
function clientGroup(port: number, streams: number) {
  const program = join(import.meta.dir, "sync-clients.mjs");
  let waiting: { expected: number; resolve: (arrival: Arrival) => void } | undefined;
  const child = Bun.spawn(["node", program, `${port}`, `${streams}`], {
    stdin: "pipe",
    stdout: "inherit",
    stderr: "inherit",
    ipc(message: Arrival) {
      if (waiting && message.complete >= waiting.expected) {
        waiting.resolve(message);
        waiting = undefined;
      }
    },
    serialization: "json",
  });
  return {
    tell(command: Command) {
      child.send(command);
    },
    /** Resolves when `expected` streams have got a message since the call. */
    arrival(expected: number): Promise<Arrival> {
      child.send("count");
      return new Promise((resolve) => {
        waiting = { expected, resolve };
      });
    },
    [Symbol.dispose]() {
      child.kill("SIGKILL");
    },
  };
}
