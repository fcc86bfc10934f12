/** A client that asks the wrong port is told the right one. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { resolve } from "node:path";
import { type Flagd, startFlagd } from "../support/flagd.ts";
import { RedisServer } from "../support/redis.ts";
import { RedisSync } from "../support/redis-sync.ts";

let flagd: Flagd;
beforeAll(async () => {
  flagd = await startFlagd(["-f", `file:${resolve(import.meta.dir, "../../examples/flags.json")}`]);
});
afterAll(() => flagd[Symbol.asyncDispose]());

test.each([
  ["evaluation", "/ofrep/v1/evaluate/flags/banner-text", "--ofrep-port, 8014 by default"],
  ["evaluation", "/ofrep/v1/evaluate/flags", "--ofrep-port, 8014 by default"],
  ["evaluation", "/readyz", "--management-port, 8014 by default"],
  ["http", "/flagd.evaluation.v1.Service/ResolveBoolean", "--port, 8013 by default"],
  ["http", "/flagd.sync.v1.FlagSyncService/SyncFlags", "--sync-port, 8015 by default"],
])("the %s port does not serve %s, and says which does", async (port, path, where) => {
  const origin = port === "http" ? flagd.http : `http://127.0.0.1:${flagd.port}`;
  const response = await fetch(origin + path, { method: "POST", body: "{}" });
  expect(response.status).toBe(404);
  const text = await response.text();
  expect(text).toStartWith("404 page not found: ");
  expect(text).toContain(where);
});

test.each(["/", "/favicon.ico", "/ofrep"])("of %s nothing is known", async (path) => {
  for (const origin of [flagd.http, `http://127.0.0.1:${flagd.port}`]) {
    expect(await (await fetch(origin + path)).text()).toBe("404 page not found\n");
  }
});

test("redis-sync's management port names its sync port", async () => {
  await using redis = await RedisServer.start();
  await redis.set("flags", '{"flags":{}}');
  await using sync = await RedisSync.start(redis);
  const path = "/flagd.sync.v1.FlagSyncService/FetchAllFlags";
  const response = await fetch(sync.management + path, { method: "POST", body: "{}" });
  expect(response.status).toBe(404);
  expect(await response.text()).toContain("--redis-sync-port, 8016 by default");
});
