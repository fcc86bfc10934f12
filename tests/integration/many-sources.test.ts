/** Redis, a file and another daemon as sources of one: who wins, and who is disturbed by whom. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DocumentServer } from "../support/document-server.ts";
import { type Flagd, startFlagd } from "../support/flagd.ts";
import { RedisServer } from "../support/redis.ts";
import { RedisSync } from "../support/redis-sync.ts";
import { until } from "../support/until.ts";

let folder: string;
let file: string;
let redis: RedisServer;
let upstreamRedis: RedisServer;
let upstream: RedisSync;
let flagd: Flagd;

/** A document whose flags have the name of their source for a value. */
const document = (source: string, keys: readonly string[], flagSetId?: string) =>
  JSON.stringify({
    ...(flagSetId && { metadata: { flagSetId } }),
    flags: Object.fromEntries(
      keys.map((key) => [
        key,
        { state: "ENABLED", variants: { it: source }, defaultVariant: "it" },
      ]),
    ),
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "flagd-many-sources-"));
  file = join(folder, "flags.json");
  [redis, upstreamRedis] = await Promise.all([RedisServer.start(), RedisServer.start()]);
  await writeFile(file, document("file", ["all", "file and redis", "file only"]));
  await redis.set("flags", document("redis", ["all", "file and redis", "redis and grpc"]));
  await upstreamRedis.set("flags", document("grpc", ["all", "redis and grpc", "grpc only"]));
  upstream = await RedisSync.start(upstreamRedis, ["--redis-interval", "1"]);
  const sources = [
    { uri: file, provider: "file" },
    { uri: `redis://127.0.0.1:${redis.port}/0?key=flags`, provider: "redis", interval: 1 },
    { uri: `localhost:${upstream.port}`, provider: "grpc" },
  ];
  flagd = await startFlagd(["--sources", JSON.stringify(sources)]);
});

afterAll(async () => {
  await flagd?.[Symbol.asyncDispose]();
  await upstream?.[Symbol.asyncDispose]();
  await upstreamRedis?.[Symbol.asyncDispose]();
  await redis?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test("the proxy of the environment is not asked for sources on this machine", async () => {
  using server = new DocumentServer();
  server.document = document("http", ["all", "http only"]);
  const dead = "http://127.0.0.1:1";
  const sources = [
    { uri: `${server.url.replace("127.0.0.1", "localhost")}/flags.json`, provider: "http" },
    { uri: `127.0.0.1:${upstream.port}`, provider: "grpc" },
  ];
  await using other = await startFlagd(["--sources", JSON.stringify(sources)], {
    env: { HTTP_PROXY: dead, http_proxy: dead, HTTPS_PROXY: dead, https_proxy: dead },
  });
  expect(other.log()).toContain("ready");
});

/** Flag → value, of all flags or of those that `selector` selects. */
async function values(selector = ""): Promise<Record<string, unknown>> {
  const headers = { "Flagd-Selector": selector };
  const response = await fetch(`${flagd.http}/ofrep/v1/evaluate/flags`, {
    method: "POST",
    ...(selector !== "" && { headers }),
  });
  const { flags } = (await response.json()) as { flags: { key: string; value: unknown }[] };
  return Object.fromEntries(flags.map(({ key, value }) => [key, value]));
}

const become = (what: string, expected: Record<string, unknown>) =>
  until(what, async () => Bun.deepEquals(await values(), expected)).catch(async (error) => {
    expect(await values()).toEqual(expected);
    throw error;
  });

const start = {
  all: "grpc",
  "file and redis": "redis",
  "file only": "file",
  "grpc only": "grpc",
  "redis and grpc": "grpc",
};

test("the later source wins, flag by flag", async () => {
  expect(await values()).toEqual(start);
});

test("a source selected shows its own flags, overridden or not", async () => {
  expect(await values(`source=${file}`)).toEqual({
    all: "file",
    "file and redis": "file",
    "file only": "file",
  });
});

test("a flag removed from a higher source uncovers the lower one's at once", async () => {
  await upstreamRedis.set("flags", document("grpc", ["grpc only"]));
  await become("the flags below", { ...start, all: "redis", "redis and grpc": "redis" });
  await redis.set("flags", '{"flags":{}}');
  await become("the flags of the file", {
    all: "file",
    "file and redis": "file",
    "file only": "file",
    "grpc only": "grpc",
  });
});

test("a flag set of a source stands beside the others", async () => {
  await redis.set("flags", document("redis", ["all"], "team"));
  await until("the set", async () => (await values("flagSetId=team")).all === "redis");
  expect(await values("flagSetId=")).toEqual({
    all: "file",
    "file and redis": "file",
    "file only": "file",
    "grpc only": "grpc",
  });
});

test("a broken source disturbs no other", async () => {
  await redis.set("flags", "{ broken");
  await upstream.kill();
  await writeFile(file, document("file", ["file only", "new"]));
  await until("the change of the file", async () => (await values()).new === "file");
  expect(await values()).toEqual({
    all: "redis",
    "file only": "file",
    "grpc only": "grpc",
    new: "file",
  });
  const ready = await fetch(`${flagd.http}/readyz`);
  expect(ready.status).toBe(200);
  await until(
    "what is wrong with each",
    () =>
      /flag document rejected.*redis:\/\//.test(flagd.log()) &&
      /serving the last accepted flags.*provider=grpc/.test(flagd.log()),
  );

  await upstreamRedis.set("flags", document("grpc", ["back"]));
  await upstream.start();
  await until("the flags of the source that is back", async () => (await values()).back === "grpc");
});

test("a source that never delivers keeps it unready, and the others serve", async () => {
  const sources = [
    { uri: file, provider: "file" },
    { uri: "localhost:1", provider: "grpc" },
  ];
  const args = ["--sources", JSON.stringify(sources)];
  await using half = await startFlagd(args, { unready: true });
  await until("the flags of the file", async () => {
    const url = `${half.http}/ofrep/v1/evaluate/flags/new`;
    return (
      ((await (await fetch(url, { method: "POST" })).json()) as { value?: unknown }).value ===
      "file"
    );
  });
  const ready = await fetch(`${half.http}/readyz`);
  expect(ready.status).toBe(412);
  expect(await ready.text()).toContain("connection refused");
});
