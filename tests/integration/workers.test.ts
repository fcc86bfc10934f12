import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Crew } from "../../src/runtime/workers/crew.ts";
import type { Birth } from "../../src/runtime/workers/messages.ts";
import { runFlagd, startFlagd } from "../support/flagd.ts";
import { changedDocument, sampleDocument } from "../support/sample-flags.ts";
import { rememberingLog } from "../support/silent-log.ts";
import { until } from "../support/until.ts";

/** A connection of its own for each request, so that the kernel chooses a thread each time. */
async function values(http: string, times: number): Promise<unknown[]> {
  const answers = Array.from({ length: times }, async () => {
    const url = `${http}/ofrep/v1/evaluate/flags/bool`;
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

test("a worker that dies is replaced, and its successor is told everything", async () => {
  const crew = new Crew({
    size: 1,
    birth: { config: {}, sources: [] } as unknown as Omit<Birth, "number">,
    answer: async (path) => ({ status: 200, headers: [], body: path }),
    resync: () => {},
    log: rememberingLog(),
    entry: new URL("../support/mortal-worker.ts", import.meta.url),
  });
  crew.relay(0, { document: "first", format: "json" });
  const seen = async () => (await crew.collect())[0]?.scopes[0]?.name;
  await until("the first worker", async () => (await seen()) === "1: first");
  crew.relay(0, { document: "die", format: "json" });
  crew.relay(0, { document: "last", format: "json" });
  await until("its successor", async () => (await seen()) === "1: last");
  await crew.close(1000);
});
