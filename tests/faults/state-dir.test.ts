/** Daemons that start while their source is down, with the flags that an earlier run has saved. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, readdir, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Flagd, runFlagd, startFlagd } from "../support/flagd.ts";
import { RedisServer } from "../support/redis.ts";
import { RedisSync } from "../support/redis-sync.ts";
import { changedDocument, sampleDocument } from "../support/sample-flags.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

const on = JSON.stringify(sampleDocument);
const off = JSON.stringify(changedDocument());

let folder: string;
let redis: RedisServer;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "flagd-state-"));
  redis = await RedisServer.start();
  await redis.set("flags", on);
});
afterEach(async () => {
  await redis[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const state = () => join(folder, "state");
const source = () => ({
  uri: `redis://127.0.0.1:${redis.port}/0?key=flags`,
  provider: "redis",
  interval: 1,
});
const start = (sources: readonly object[], ...args: string[]) =>
  startFlagd(["--state-dir", state(), "--sources", JSON.stringify(sources), ...args]);

const value = async (flagd: Flagd, key = "bool"): Promise<unknown> => {
  const response = await fetch(`${flagd.http}/ofrep/v1/evaluate/flags/${key}`, { method: "POST" });
  return ((await response.json()) as { value: unknown }).value;
};
const saved = () =>
  until("a saved file", async () => {
    const files = await readdir(state()).catch(() => []);
    return files.some((name) => name.endsWith(".flags")) && files;
  });

/** Runs a daemon once with its source up, then starts it with the source down. */
async function restartedWithoutRedis(sources: readonly object[], ...args: string[]) {
  {
    await using flagd = await start(sources, ...args);
    await saved();
    await flagd.stop();
  }
  await redis.kill();
  return start(sources, ...args);
}

test("restored flags make the daemon ready, and the source's first answer replaces them", async () => {
  await using flagd = await restartedWithoutRedis([source()]);
  expect(await value(flagd)).toBe(true);
  const ready = await fetch(`${flagd.http}/readyz`);
  expect(ready.status).toBe(200);
  const body = (await ready.json()) as { restored: { source: string; savedAt: string }[] };
  expect(body).toMatchObject({ status: "ready", restored: [{ provider: "redis" }] });
  expect(Date.now() - Date.parse(body.restored[0]?.savedAt ?? "")).toBeLessThan(60_000);
  const metrics = await (await fetch(`${flagd.http}/metrics`)).text();
  expect(metrics).toMatch(/source_state\{.*state="restored".*\} 1/);
  expect(flagd.log()).toContain("flags restored, as they were saved at ");

  await redis.start();
  await redis.set("flags", off);
  await until("the flags of Redis", async () => (await value(flagd)) === false);
  expect(await (await fetch(`${flagd.http}/readyz`)).text()).toBe("");
  expect(await (await fetch(`${flagd.http}/metrics`)).text()).toMatch(
    /source_state\{.*state="synced".*\} 1/,
  );
});

test("each of two sources has its own file; one that was never saved is waited for", async () => {
  await redis.set("more", JSON.stringify({ flags: {} }));
  const second = { ...source(), uri: source().uri.replace("key=flags", "key=more") };
  await using _ = await restartedWithoutRedis([source(), second]);
  expect(await saved()).toHaveLength(2);
  const third = { ...source(), uri: source().uri.replace("key=flags", "key=third") };
  await using flagd = await startFlagd(
    ["--state-dir", state(), "--sources", JSON.stringify([source(), third])],
    { unready: true },
  );
  expect((await fetch(`${flagd.http}/readyz`)).status).toBe(412);
});

test("with --workers every thread has them", async () => {
  await using flagd = await restartedWithoutRedis([source()], "--workers", "2");
  const values = await Promise.all(
    Array.from({ length: 40 }, async () => {
      const url = `${flagd.http}/ofrep/v1/evaluate/flags/bool`;
      const response = await fetch(url, { method: "POST", keepalive: false });
      return ((await response.json()) as { value: unknown }).value;
    }),
  );
  expect(new Set(values)).toEqual(new Set([true]));
});

test("a document so large that a thread reads it is restored too", async () => {
  const flag = { state: "ENABLED", variants: { on: "x".repeat(500) }, defaultVariant: "on" };
  const many = Array.from({ length: 6000 }, (_, i) => [`other-${i}`, flag]);
  const flags = { ...sampleDocument.flags, ...Object.fromEntries(many) };
  await redis.set("flags", JSON.stringify({ ...sampleDocument, flags }));
  await using flagd = await restartedWithoutRedis([source()]);
  expect(await value(flagd)).toBe(true);
  expect(await value(flagd, "other-5999")).toBe("x".repeat(500));
});

test("redis-sync streams restored flags to daemons", async () => {
  const args = ["--state-dir", state(), "--redis-interval", "1"];
  {
    await using sync = await RedisSync.start(redis, args);
    await saved();
    await sync.stop();
  }
  await redis.kill();
  await using sync = await RedisSync.start(redis, args);
  expect(sync.log).toContain("flags restored");
  await using flagd = await startFlagd(["-f", `grpc://127.0.0.1:${sync.port}`]);
  expect(await value(flagd)).toBe(true);
});

test("the flags of a gRPC source that sends only what changes are saved whole", async () => {
  await using sync = await RedisSync.start(redis);
  const upstream = {
    uri: `127.0.0.1:${sync.port}`,
    provider: "grpc",
    incrementalUpdates: true,
  };
  {
    await using flagd = await start([upstream]);
    await saved();
    await flagd.stop();
  }
  await sync.kill();
  await using flagd = await start([upstream]);
  expect(await value(flagd)).toBe(true);
});

test("a damaged file is one warning, and the daemon starts as without it", async () => {
  {
    await using flagd = await start([source()]);
    const [name = ""] = await saved();
    await flagd.stop();
    await truncate(join(state(), name), 200);
  }
  await using flagd = await start([source()]);
  expect(await value(flagd)).toBe(true);
  expect(flagd.log().split("saved flags are not used").length - 1).toBe(1);
});

test("a directory that cannot be used ends the start with the option's name", async () => {
  await Bun.write(state(), "a file");
  const { code, stderr } = await runFlagd(["start", "--state-dir", state(), "-f", source().uri]);
  expect(code).toBe(1);
  expect(stderr).toContain(`--state-dir ${state()} cannot be used`);
});
