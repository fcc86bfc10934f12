/**
 * From the start of a daemon to its first right answer: with Redis, and with the last good flags (`--state-dir`) while
 * Redis is up, down, or hangs. The ways take turns, so that a busy machine is busy for all of them.
 *
 *   bun build.ts && bun bench/redis-start.ts [--rounds 20]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { binary, startFlagd } from "../tests/support/flagd.ts";
import { freePorts } from "../tests/support/ports.ts";
import { RedisServer } from "../tests/support/redis.ts";
import { quantile } from "./side-by-side/statistics.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "20" } } });

await using redis = await RedisServer.start();
const flag = { state: "ENABLED", variants: { on: true }, defaultVariant: "on" };
await redis.set("flags", JSON.stringify({ flags: { flag } }));
const folder = mkdtempSync(join(tmpdir(), "flagd-state-"));
const source = ["--uri", `redis://127.0.0.1:${redis.port}?key=flags`];
const kept = [...source, "--state-dir", folder];
// Something to begin with.
await (await startFlagd(kept)).stop();

const ways = {
  "Redis up": { args: source },
  "Redis up, --state-dir": { args: kept },
  "Redis hangs, --state-dir": {
    args: kept,
    before: () => redis.pause(),
    after: () => redis.resume(),
  },
  "Redis down, --state-dir": {
    args: kept,
    before: () => redis.kill(),
    after: () => redis.start().then(() => redis.set("flags", JSON.stringify({ flags: { flag } }))),
  },
} as const;
const times = new Map<string, number[]>();
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [name, way] of Object.entries(ways)) {
    if ("before" in way) await way.before();
    times.set(name, [...(times.get(name) ?? []), await firstAnswer(way.args)]);
    if ("after" in way) await way.after();
  }
}
rmSync(folder, { recursive: true });

console.log("| | rounds | p50 | p95 | max |\n|---|---|---|---|---|");
for (const [name, list] of times) {
  const cells = [0.5, 0.95, 1].map((q) => `${quantile(list, q).toFixed(0)} ms`);
  console.log(`| ${name} | ${list.length} | ${cells.join(" | ")} |`);
}

/** Milliseconds from the start of a process to its first right answer. */
async function firstAnswer(args: readonly string[]): Promise<number> {
  const [port = 0, http = 0, sync = 0] = await freePorts(3);
  const ports = ["-p", `${port}`, "-m", `${http}`, "-r", `${http}`, "-g", `${sync}`];
  const began = performance.now();
  const child = Bun.spawn([binary, "start", ...ports, ...args], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  const url = `http://127.0.0.1:${http}/ofrep/v1/evaluate/flags/flag`;
  try {
    while (performance.now() - began < 60_000) {
      const response = await fetch(url, { method: "POST", body: "{}" }).catch(() => undefined);
      const answer = (await response?.json()) as { readonly value?: unknown } | undefined;
      if (answer?.value === true) return performance.now() - began;
      await Bun.sleep(1);
    }
    throw new Error("no answer within a minute");
  } finally {
    child.kill("SIGTERM");
    await child.exited;
  }
}
