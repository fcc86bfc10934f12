import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WorkerInit } from "../../src/runtime/workers/messages.ts";
import { WorkerPool } from "../../src/runtime/workers/pool.ts";
import { runFlagd, startFlagd } from "../support/flagd.ts";
import { rememberingLog } from "../support/remembering-log.ts";
import { changedDocument, sampleDocument } from "../support/sample-flags.ts";
import { ScriptedSyncServer } from "../support/scripted-sync-server.ts";
import { until } from "../support/until.ts";

/** A connection of its own for each request, so that the kernel chooses a thread each time. */
async function values(http: string, times: number, key = "bool"): Promise<unknown[]> {
  const answers = Array.from({ length: times }, async () => {
    const url = `${http}/ofrep/v1/evaluate/flags/${key}`;
    const response = await fetch(url, { method: "POST", keepalive: false });
    return ((await response.json()) as { value: unknown }).value;
  });
  return Promise.all(answers);
}

test("all threads serve the same flags, follow a change, and count together", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flagd-workers-"));
  const file = join(folder, "flags.json");
  writeFileSync(file, JSON.stringify(sampleDocument));
  {
    await using flagd = await startFlagd(["-f", `file:${file}`, "--workers", "3"]);
    expect(new Set(await values(flagd.http, 60))).toEqual(new Set([true]));

    const text = await (await fetch(`${flagd.http}/metrics`, { keepalive: false })).text();
    expect(text).toMatch(/^feature_flag_flagd_impression_total\{feature_flag_key="bool".*\} 60$/m);
    expect(text.match(/^process_start_time_seconds /gm)).toHaveLength(1);

    writeFileSync(file, JSON.stringify(changedDocument()));
    await until("the change in every thread", async () =>
      (await values(flagd.http, 30)).every((value) => value === false),
    );

    // Threads share the port among themselves, not with another process.
    const ports = ["-p", `${flagd.port}`, "-m", "0", "-r", "0", "-g", "0"];
    const other = await runFlagd(["start", "-f", `file:${file}`, "--workers", "2", ...ports]);
    expect(other.stderr).toMatch(/in use/);
    expect(other.code).toBe(1);

    expect(await flagd.stop()).toBe(0);
  }
  rmSync(folder, { recursive: true });
});

test("all threads have the flags of a source that tells only what has changed", async () => {
  const flag = { state: "ENABLED", variants: { on: true }, defaultVariant: "on" };
  const set = (flagSetId: string, flags: object) => ({ metadata: { flagSetId }, flags });
  using upstream = await ScriptedSyncServer.start(({ send }) => {
    send(set("A", { other: flag }));
    send(set("B", { bool: flag }));
    for (let n = 0; n < 100; n++) send(set("A", { [`a${n}`]: flag }));
    send(set("C", { last: flag }));
  });
  const uri = `127.0.0.1:${upstream.port}`;
  const sources = JSON.stringify([{ uri, provider: "grpc", incrementalUpdates: true }]);
  await using flagd = await startFlagd(["--sources", sources, "--workers", "3"]);
  const everywhere = async (key: string, value: unknown) =>
    (await values(flagd.http, 30, key)).every((found) => found === value);
  await until("the last piece in every thread", () => everywhere("last", true));
  expect(await everywhere("bool", true)).toBe(true);
  expect(await everywhere("a99", true)).toBe(true);
  expect(await everywhere("other", undefined)).toBe(true);
});

test("a worker that dies is replaced, and its successor is told everything", async () => {
  const pool = new WorkerPool({
    size: 1,
    init: { config: {}, sources: [] } as unknown as Omit<WorkerInit, "number">,
    reply: async (path) => ({ status: 200, headers: [], body: path }),
    log: rememberingLog(),
    entry: new URL("../support/mortal-worker.ts", import.meta.url),
  });
  pool.relay(0, { document: "first", format: "json" });
  const seen = async () => (await pool.collect())[0]?.scopes[0]?.name;
  await until("the first worker", async () => (await seen()) === "1: first");
  pool.relay(0, { document: "die", format: "json" });
  pool.relay(0, { document: "last", format: "json" });
  await until("its successor", async () => (await seen()) === "1: last");
  await pool.close(1000);
});

test("a worker that cannot start says why and ends, and another one tries", async () => {
  const program = join(import.meta.dir, "../support/pool-without-certificate.ts");
  const child = Bun.spawn([process.execPath, program], { stdout: "pipe", stderr: "ignore" });
  const timer = setTimeout(() => child.kill(), 10_000);
  let said = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    said += text;
    if (said.split("a worker exited with code 1").length > 2) break;
  }
  clearTimeout(timer);
  child.kill();
  expect(said).toMatch(/^a worker failed .*cannot read none.pem/);
  expect(said.split("a worker exited with code 1")).toHaveLength(3);
});
