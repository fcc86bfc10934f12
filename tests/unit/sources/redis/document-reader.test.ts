import { beforeEach, expect, test } from "bun:test";
import { DocumentReader } from "../../../../src/sources/redis/document-reader.ts";
import { RedisError } from "../../../../src/sources/redis/redis-errors.ts";
import { FakeRedis, redisError } from "./fake-redis.ts";

const wrongType = redisError("WRONGTYPE Operation against a key holding the wrong kind of value");
const notJson = redisError("Existing key has wrong Redis type");
const noModule = redisError("ERR unknown command 'JSON.GET', with args beginning with: 'k'");
const noGet = redisError("NOPERM this user has no permissions to run the 'get' command");

let redis: FakeRedis;
let reader: DocumentReader;

beforeEach(async () => {
  redis = new FakeRedis();
  const connection = await redis.connect({
    address: {
      endpoint: { path: "/r.sock" },
      tls: false,
      username: undefined,
      password: undefined,
      database: 0,
    },
    tls: undefined,
    answerTimeoutMs: 1,
    documentTimeoutMs: 1,
    onClose: () => {},
    signal: new AbortController().signal,
  });
  reader = new DocumentReader(connection, "k");
});

test("a string is one GET", async () => {
  redis.value = "{}";
  expect(await reader.read()).toEqual({
    document: Buffer.from("{}"),
    format: "any",
    origin: 'Redis string "k"',
  });
  expect(redis.commands).toEqual(["GET"]);
});

test("a JSON document is found once and then one JSON.GET", async () => {
  redis.value = wrongType;
  redis.answers["JSON.GET"] = '{"flags":{}}';
  await reader.read();
  expect(await reader.read()).toEqual({
    document: '{"flags":{}}',
    format: "json",
    origin: 'Redis JSON "k"',
  });
  expect(redis.commands).toEqual(["GET", "JSON.GET", "JSON.GET"]);
});

test("a JSON document that became a string is found, and one command again", async () => {
  redis.value = wrongType;
  redis.answers["JSON.GET"] = "{}";
  await reader.read();
  redis.answers["JSON.GET"] = notJson;
  redis.value = "{}";
  await reader.read();
  await reader.read();
  expect(redis.commands).toEqual(["GET", "JSON.GET", "JSON.GET", "GET", "GET"]);
});

test("a missing key is said to be missing, and is no reason to look elsewhere", async () => {
  redis.value = null;
  const error = await reader.read().catch((error: unknown) => error);
  expect(error).toEqual(new RedisError('the key "k" does not exist in the database', "content"));
  expect(redis.commands).toEqual(["GET"]);
});

test.each([
  ["has no JSON", noModule, "does not support JSON.GET"],
  [
    "refuses JSON",
    redisError("NOPERM User x has no permissions to run the 'json.get' command"),
    "does not permit it",
  ],
  ["has JSON", notJson, "neither a string nor a JSON document"],
])("another type is named with the key if the server %s", async (_, answer, expected) => {
  redis.value = wrongType;
  redis.answers["JSON.GET"] = answer;
  const reading = reader.read();
  await expect(reading).rejects.toThrow('the key "k" holds neither a string nor a JSON document');
  await expect(reading).rejects.toThrow(expected);
});

test("a JSON document is read for a user who may not GET, with one command after the first time", async () => {
  redis.value = noGet;
  redis.answers["JSON.GET"] = "{}";
  await reader.read();
  await reader.read();
  expect(redis.commands).toEqual(["GET", "JSON.GET", "JSON.GET"]);
});

test.each([noModule, notJson])("that GET is not permitted is said if %s", async (answer) => {
  redis.value = noGet;
  redis.answers["JSON.GET"] = answer;
  await expect(reader.read()).rejects.toThrow(noGet.message);
});

test("other errors are passed on", async () => {
  redis.value = redisError("LOADING");
  await expect(reader.read()).rejects.toThrow("LOADING");
});
