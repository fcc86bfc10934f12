/** HTTP/1.1 on every port of the built daemon: requests that are not to be served, and their framing. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { root } from "../support/documentation.ts";
import { type Flagd, startFlagd } from "../support/flagd.ts";
import { converse } from "../support/raw-client.ts";
import { RedisServer } from "../support/redis.ts";
import { RedisSync } from "../support/redis-sync.ts";

let flagd: Flagd;
let redis: RedisServer;
let sync: RedisSync;
/** Those that speak HTTP/1.1, with a request that each answers with 200. */
let ports: [name: string, port: number, line: string][];

const resolve = "POST /flagd.evaluation.v1.Service/ResolveAll";
const bulk = "POST /ofrep/v1/evaluate/flags";

beforeAll(async () => {
  flagd = await startFlagd(["-f", `file:${join(root, "examples/flags.json")}`]);
  redis = await RedisServer.start();
  await redis.set("flags", '{"flags":{}}');
  sync = await RedisSync.start(redis);
  ports = [
    ["evaluation", flagd.port, resolve],
    ["OFREP", flagd.httpPort, bulk],
    ["management", flagd.httpPort, "POST /healthz"],
    ["management of redis-sync", Number(new URL(sync.management).port), "POST /healthz"],
  ];
});
afterAll(async () => {
  await Promise.all([flagd?.stop(), sync?.[Symbol.asyncDispose]()]);
  await redis?.[Symbol.asyncDispose]();
});

const json = "Content-Type: application/json\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";

test.each<[string, (line: string) => string, string]>([
  ["a usual one", (line) => `${line} HTTP/1.1\r\nHost: a\r\n${json}`, "200"],
  ["two Host fields", (line) => `${line} HTTP/1.1\r\nHost: a\r\nHost: b\r\n${json}`, "400"],
  ["no Host field", (line) => `${line} HTTP/1.1\r\n${json}`, "400"],
  ["HTTP/2.0 in the request line", (line) => `${line} HTTP/2.0\r\nHost: a\r\n${json}`, "505"],
])("%s is answered with its status on every port", async (_what, request, status) => {
  for (const [name, port, line] of ports) {
    const { received, closed } = await converse(port, [request(line)]);
    expect([name, received.slice(0, 13), closed]).toEqual([name, `HTTP/1.1 ${status} `, true]);
  }
});

test("trailers after a chunked body belong to the request on every port", async () => {
  for (const [name, port, line] of ports) {
    const request =
      `${line} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n` +
      "Trailer: X-Sum\r\n\r\n2\r\n{}\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n";
    const next = `${line} HTTP/1.1\r\nHost: a\r\n${json}`;
    const { received, closed } = await converse(port, [request + next]);
    const statuses = [...received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    expect([name, statuses, closed]).toEqual([name, ["200", "200"], true]);
  }
});
