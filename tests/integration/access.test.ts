/** With --tokens-path nobody gets what its token is not for, whatever the protocol. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { Service } from "../../src/gen/flagd/evaluation/v1/evaluation_pb.ts";
import { FlagSyncService } from "../../src/gen/flagd/sync/v1/sync_pb.ts";
import { Health } from "../../src/gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "../../src/gen/grpc/reflection/v1/reflection_pb.ts";
import { binary, type Flagd, runFlagd, startFlagd } from "../support/flagd.ts";
import { RedisServer } from "../support/redis.ts";
import { RedisSync } from "../support/redis-sync.ts";
import { until } from "../support/until.ts";

const secret = (name: string) => `secret-token-of-${name}`;
const entry = (name: string, surfaces: string[], selector?: string) => ({
  name,
  token: secret(name),
  surfaces,
  ...(selector && { selector }),
});
const everywhere = ["evaluation", "ofrep", "sync"];
const tokens = [
  entry("whole", everywhere),
  entry("shop", everywhere, "flagSetId=shop"),
  entry("operator", ["management"]),
  entry("temporary", everywhere),
];
const flags = {
  flags: {
    a: {
      state: "ENABLED",
      variants: { on: true },
      defaultVariant: "on",
      metadata: { flagSetId: "shop" },
    },
    b: {
      state: "ENABLED",
      variants: { on: true },
      defaultVariant: "on",
      metadata: { flagSetId: "bank" },
    },
  },
};

let folder: string;
let tokensPath: string;
let flagd: Flagd;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "flagd-access-"));
  tokensPath = join(folder, "tokens.json");
  writeFileSync(tokensPath, JSON.stringify({ tokens }));
  writeFileSync(join(folder, "flags.json"), JSON.stringify(flags));
  const source = `file:${join(folder, "flags.json")}`;
  flagd = await startFlagd(["-f", source, "--tokens-path", tokensPath, "--ofrep-sse"]);
});
afterAll(async () => {
  await flagd?.stop();
  rmSync(folder, { recursive: true });
});

type Header = Record<string, string>;
const bearer = (token: string): Header => ({ authorization: `Bearer ${token}` });
const refused: readonly (readonly [string, Header, Code])[] = [
  ["no token", {}, Code.Unauthenticated],
  ["a wrong token", bearer("wrong-wrong-wrong-wrong"), Code.Unauthenticated],
  ["an empty token", { authorization: "Bearer " }, Code.Unauthenticated],
  ["another scheme", { authorization: `Basic ${secret("whole")}` }, Code.Unauthenticated],
  ["a token of another surface", bearer(secret("operator")), Code.PermissionDenied],
];
const transports: readonly (readonly [string, (port: number) => Transport])[] = [
  ["gRPC", (port) => createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` })],
  [
    "gRPC-web",
    (port) => createGrpcWebTransport({ baseUrl: `http://127.0.0.1:${port}`, httpVersion: "1.1" }),
  ],
  [
    "Connect",
    (port) => createConnectTransport({ baseUrl: `http://127.0.0.1:${port}`, httpVersion: "1.1" }),
  ],
  [
    "Connect in JSON over HTTP/2",
    (port) =>
      createConnectTransport({
        baseUrl: `http://127.0.0.1:${port}`,
        httpVersion: "2",
        useBinaryFormat: false,
      }),
  ],
];

async function codeOf(call: Promise<unknown>): Promise<Code | "answered"> {
  return call.then(
    () => "answered" as const,
    (error) => ConnectError.from(error).code,
  );
}
/** Of a refused try, which may have been one too many. */
const expectRefused = (code: Code | "answered", expected: Code) =>
  expect<Code | "answered">(code === Code.ResourceExhausted ? Code.Unauthenticated : code).toBe(
    expected,
  );

describe.each(transports)("%s", (_, connect) => {
  const evaluation = () => createClient(Service, connect(flagd.port));

  test.each(refused)("is refused with %s", async (_name, headers, code) => {
    const client = evaluation();
    expectRefused(await codeOf(client.resolveBoolean({ flagKey: "a" }, { headers })), code);
    expectRefused(await codeOf(client.resolveAll({}, { headers })), code);
    const events = client.eventStream({}, { headers })[Symbol.asyncIterator]();
    expectRefused(await codeOf(events.next()), code);
  });

  test("answers with a token, in either header", async () => {
    const client = evaluation();
    for (const headers of [bearer(secret("whole")), { "x-api-key": secret("whole") }]) {
      expect((await client.resolveBoolean({ flagKey: "b" }, { headers })).value).toBe(true);
      expect(Object.keys((await client.resolveAll({}, { headers })).flags)).toEqual(["a", "b"]);
      const abort = new AbortController();
      const events = client
        .eventStream({}, { headers, signal: abort.signal })
        [Symbol.asyncIterator]();
      expect((await events.next()).value?.type).toBe("provider_ready");
      abort.abort();
    }
  });

  test("a confined token sees its flags, and can select no others", async () => {
    const client = evaluation();
    const headers = bearer(secret("shop"));
    expect((await client.resolveBoolean({ flagKey: "a" }, { headers })).value).toBe(true);
    expect(await codeOf(client.resolveBoolean({ flagKey: "b" }, { headers }))).toBe(Code.NotFound);
    expect(Object.keys((await client.resolveAll({}, { headers })).flags)).toEqual(["a"]);
    for (const selector of ["flagSetId=bank", "flagSetId="]) {
      const other = { ...headers, "flagd-selector": selector };
      expect(await codeOf(client.resolveBoolean({ flagKey: "b" }, { headers: other }))).toBe(
        Code.PermissionDenied,
      );
      expect(await codeOf(client.resolveAll({}, { headers: other }))).toBe(Code.PermissionDenied);
      const events = client.eventStream({}, { headers: other })[Symbol.asyncIterator]();
      expect(await codeOf(events.next())).toBe(Code.PermissionDenied);
    }
    const narrower = { ...headers, "flagd-selector": "source=nowhere" };
    expect(Object.keys((await client.resolveAll({}, { headers: narrower })).flags)).toEqual([]);
  });
});

test("the sync stream and FetchAllFlags are guarded and confined", async () => {
  const client = createClient(
    FlagSyncService,
    createGrpcTransport({ baseUrl: `http://127.0.0.1:${flagd.syncPort}` }),
  );
  const keys = (text: string) => Object.keys(JSON.parse(text).flags);
  const first = async (selector: string, headers: Header) => {
    const abort = new AbortController();
    const stream = client
      .syncFlags({ selector }, { headers, signal: abort.signal })
      [Symbol.asyncIterator]();
    const { value } = await stream.next();
    abort.abort();
    return keys(value?.flagConfiguration ?? "{}");
  };
  const fetchAll = async (selector: string, headers: Header) =>
    keys((await client.fetchAllFlags({ selector }, { headers })).flagConfiguration);
  for (const ask of [first, fetchAll]) {
    for (const [, headers, code] of refused) expectRefused(await codeOf(ask("", headers)), code);
    expect(await ask("", bearer(secret("whole")))).toEqual(["a", "b"]);
    expect(await ask("", bearer(secret("shop")))).toEqual(["a"]);
    expect(await ask("flagSetId=shop", bearer(secret("shop")))).toEqual(["a"]);
    expect(await codeOf(ask("flagSetId=bank", bearer(secret("shop"))))).toBe(Code.PermissionDenied);
    const header = { ...bearer(secret("shop")), "flagd-selector": "flagSetId=bank" };
    expect(await codeOf(ask("", header))).toBe(Code.PermissionDenied);
  }
});

test("Connect's GET, unknown paths and reflection are guarded, health is not", async () => {
  const get = (path: string, headers: Header = {}) =>
    fetch(`http://127.0.0.1:${flagd.port}${path}`, { headers });
  const path =
    "/flagd.evaluation.v1.Service/ResolveBoolean?encoding=json&message=%7B%22flagKey%22%3A%22a%22%7D";
  expect([401, 429]).toContain((await get(path)).status);
  expect([401, 429]).toContain((await get("/anything")).status);
  expect((await get("/anything", bearer(secret("whole")))).status).toBe(404);
  const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${flagd.port}` });
  expect((await createClient(Health, transport).check({})).status).toBe(1);
  const reflect = (headers: Header) =>
    createClient(ServerReflection, transport)
      .serverReflectionInfo(
        (async function* () {
          yield { messageRequest: { case: "listServices" as const, value: "" } };
        })(),
        { headers },
      )
      [Symbol.asyncIterator]()
      .next();
  expectRefused(await codeOf(reflect({})), Code.Unauthenticated);
  expect(await codeOf(reflect(bearer(secret("whole"))))).toBe("answered");
});

test("OFREP answers 401 and 403, its preflights are answered, and its answers are confined", async () => {
  const ask = (path: string, headers: Header, method = "POST") =>
    fetch(`${flagd.http}/ofrep/v1/${path}`, {
      method,
      headers,
      ...(method === "POST" && { body: "{}" }),
    });
  for (const [path, method] of [
    ["evaluate/flags/a", "POST"],
    ["evaluate/flags", "POST"],
    ["events", "GET"],
    ["nothing", "GET"],
  ] as const) {
    for (const [, headers, code] of refused) {
      const response = await ask(path, headers, method);
      expect(response.status === 429 ? 401 : response.status).toBe(
        code === Code.Unauthenticated ? 401 : 403,
      );
      expect(Object.keys(await response.json())).toEqual(["errorDetails"]);
      if (response.status === 401) expect(response.headers.get("www-authenticate")).toBe("Bearer");
    }
  }
  const preflight = await ask(
    "evaluate/flags",
    {
      origin: "https://x.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization",
    },
    "OPTIONS",
  );
  expect([preflight.status, preflight.headers.get("access-control-allow-headers")]).toEqual([
    204,
    "authorization",
  ]);
  const shop = bearer(secret("shop"));
  expect((await ask("evaluate/flags/a", shop)).status).toBe(200);
  expect((await ask("evaluate/flags/b", shop)).status).toBe(404);
  const bulk = await (await ask("evaluate/flags", { "x-api-key": secret("shop") })).json();
  expect(bulk.flags.map(({ key }: { key: string }) => key)).toEqual(["a"]);
  const other = { ...shop, "flagd-selector": "flagSetId=bank" };
  for (const path of ["evaluate/flags/b", "evaluate/flags"])
    expect((await ask(path, other)).status).toBe(403);
  expect((await ask("events?selector=flagSetId%3Dbank", shop, "GET")).status).toBe(403);
});

test("metrics need a token of the management surface and name clients, probes need none", async () => {
  const get = (path: string, headers: Header = {}) => fetch(`${flagd.http}${path}`, { headers });
  for (const path of ["/healthz", "/readyz"]) expect((await get(path)).status).toBe(200);
  expect((await get("/metrics", bearer(secret("whole")))).status).toBe(403);
  expect([401, 429]).toContain((await get("/metrics")).status);
  const metrics = await (await get("/metrics", bearer(secret("operator")))).text();
  expect(metrics).toContain('feature_flag_flagd_access_requests_total{client="operator"');
  for (const text of [metrics, flagd.log()]) expect(text).not.toContain("secret-token");
});

test("a token that is removed from the file opens nothing more, and its streams end", async () => {
  const headers = bearer(secret("temporary"));
  const sync = createClient(
    FlagSyncService,
    createGrpcTransport({ baseUrl: `http://127.0.0.1:${flagd.syncPort}` }),
  );
  const streams = [
    sync.syncFlags({}, { headers })[Symbol.asyncIterator](),
    ...transports.map(([, connect]) =>
      createClient(Service, connect(flagd.port))
        .eventStream({}, { headers })
        [Symbol.asyncIterator](),
    ),
  ];
  for (const stream of streams) expect((await stream.next()).done).toBe(false);
  const events = await fetch(`${flagd.http}/ofrep/v1/events`, { headers });
  const ends = streams.map((stream) => codeOf(stream.next()));
  writeFileSync(
    tokensPath,
    JSON.stringify({ tokens: tokens.filter(({ name }) => name !== "temporary") }),
  );
  await until("the reload", () => flagd.log().includes("tokens reloaded"));
  expect(new Set(await Promise.all(ends))).toEqual(new Set([Code.Unauthenticated]));
  // Over HTTP a stream can only end; who opens it again is told.
  await events.text();
  expect([401, 429]).toContain((await fetch(`${flagd.http}/ofrep/v1/events`, { headers })).status);
  const client = createClient(
    Service,
    createGrpcTransport({ baseUrl: `http://127.0.0.1:${flagd.port}` }),
  );
  expectRefused(
    await codeOf(client.resolveBoolean({ flagKey: "a" }, { headers })),
    Code.Unauthenticated,
  );
  const whole = bearer(secret("whole"));
  expect((await client.resolveBoolean({ flagKey: "a" }, { headers: whole })).value).toBe(true);
  writeFileSync(tokensPath, "tokens: [");
  await until("the warning", () => flagd.log().includes("keeping the previous ones"));
  expect((await client.resolveBoolean({ flagKey: "a" }, { headers: whole })).value).toBe(true);
});

test("flagd token new prints a token and its line with the SHA-256 alone", async () => {
  const run = Bun.spawnSync([binary, "token", "new", "checkout"]);
  const [token = "", line = ""] = run.stdout.toString().split("\n");
  expect(line).not.toContain(token);
  const file = join(folder, "new.yaml");
  writeFileSync(file, `tokens:\n${line}\n`);
  await using own = await startFlagd([
    "-f",
    `file:${join(folder, "flags.json")}`,
    "--tokens-path",
    file,
    "--workers",
    "2",
  ]);
  const ask = (headers: Header) =>
    fetch(`${own.http}/ofrep/v1/evaluate/flags/a`, { method: "POST", body: "{}", headers });
  // Both threads are met.
  for (let i = 0; i < 10; i++) {
    expect((await ask({ ...bearer(token), connection: "close" })).status).toBe(200);
    expect((await ask({ connection: "close" })).status).toBe(401);
    expect(
      (await fetch(`${own.http}/metrics`, { headers: { ...bearer(token), connection: "close" } }))
        .status,
    ).toBe(403);
  }
  expect(Bun.spawnSync([binary, "token", "new", "a b"]).exitCode).toBe(1);
});

test("a daemon that reads from redis-sync sends its token, is confined by it, and is refused without", async () => {
  await using redis = await RedisServer.start();
  await redis.set("flags", JSON.stringify(flags));
  const file = join(folder, "sync-tokens.json");
  writeFileSync(file, JSON.stringify({ tokens: [entry("reader", ["sync"], "flagSetId=shop")] }));
  await using sync = await RedisSync.start(redis, ["--tokens-path", file]);
  const source = (headers: Header) => {
    const uri = `grpc://127.0.0.1:${sync.port}`;
    return ["--sources", JSON.stringify([{ provider: "grpc", uri, headers }])];
  };
  await using reader = await startFlagd(source(bearer(secret("reader"))));
  const ask = (key: string) =>
    fetch(`${reader.http}/ofrep/v1/evaluate/flags/${key}`, { method: "POST", body: "{}" });
  expect([(await ask("a")).status, (await ask("b")).status]).toEqual([200, 404]);
  expect(reader.log() + sync.log).not.toContain("secret-token");
  const run = await runFlagd(["start", "-p", "0", "-m", "0", "-r", "0", "-g", "0", ...source({})]);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain("a token is required");
});
