import { describe, expect, test } from "bun:test";
import Ajv from "ajv/dist/2020";
import {
  managementPaths,
  managementSchemas,
} from "../../../../src/services/management/management-api.ts";
import {
  createManagementHandler,
  createProbeFastPath,
} from "../../../../src/services/management/management-handler.ts";
import { Readiness } from "../../../../src/services/management/readiness.ts";
import { describeStatus } from "../../../../src/services/management/status.ts";
import { SourceStatus } from "../../../../src/sources/source-status.ts";
import { exposition } from "../../../../src/telemetry/metrics/prometheus.ts";
import { Registry } from "../../../../src/telemetry/metrics/registry.ts";
import { parseRequestHead } from "../../../../src/transport/http1/request-head.ts";
import { askHandler } from "../../../support/ask-handler.ts";

function setUp() {
  const file = new SourceStatus("flags.json", "file");
  const redis = new SourceStatus("redis://localhost/0?key=flags", "redis");
  const readiness = new Readiness([file, redis]);
  const registry = new Registry({ resource: { "service.name": "flagd" } });
  const handle = createManagementHandler({
    readiness,
    metrics: () => exposition(registry.collect()),
    openApi: () => ({ openapi: "3.1.0" }),
    status: async () =>
      describeStatus({
        command: "start",
        threads: 1,
        state: readiness.state,
        sources: readiness.sources,
        sizes: () => new Map(),
        listeners: [],
        metrics: registry.collect(),
        changes: [],
        confidential: false,
        startedAt: 0,
        now: 1_000,
      }),
  });
  const get = async (path: string, method = "GET", headers: Record<string, string> = {}) =>
    askHandler(handle, new Request(`http://127.0.0.1:8014${path}`, { method, headers }));
  return { file, redis, readiness, registry, get };
}

describe("/readyz", () => {
  test("is 412 and lists the sources until each has delivered", async () => {
    const { file, redis, get } = setUp();
    file.accepted(1);
    redis.failed("connection refused");
    const response = await get("/readyz");
    expect(response?.status).toBe(412);
    expect(await response?.json()).toEqual({
      status: "starting",
      sources: [
        { source: "flags.json", provider: "file", state: "synced" },
        {
          source: "redis://localhost/0?key=flags",
          provider: "redis",
          state: "failed",
          reason: "connection refused",
        },
      ],
    });
  });

  test("is 200 with an empty body from then on, whatever happens to the sources", async () => {
    const { file, redis, get } = setUp();
    file.accepted(1);
    redis.accepted(1);
    redis.failed("gone");
    file.rejected("broken");
    expect((await get("/readyz"))?.status).toBe(200);
    expect(await (await get("/readyz"))?.text()).toBe("");
  });

  test("is 503 while stopping", async () => {
    const { file, redis, readiness, get } = setUp();
    file.accepted(1);
    redis.accepted(1);
    readiness.stop();
    expect((await get("/readyz"))?.status).toBe(503);
    expect((await get("/healthz"))?.status).toBe(200);
  });
});

test.each(["starting", "ready", "stopping"])("/readyz is described when %s", async (state) => {
  const { file, redis, readiness, get } = setUp();
  if (state === "starting") file.failed("gone");
  else {
    file.accepted(1);
    redis.restored(1, undefined, 0);
  }
  if (state === "stopping") readiness.stop();
  const response = await get("/readyz");
  const { responses } = managementPaths["/readyz"];
  const described = responses[String(response?.status) as keyof typeof responses];
  const schema = described.content?.["application/json"]?.schema;
  const ajv = new Ajv({ strict: false, validateFormats: false });
  const valid = ajv.validate(
    { ...schema, components: { schemas: managementSchemas } },
    await response?.json(),
  );
  expect(valid).toBe(true);
});

test("what changes nothing and has no use for a method refuses others", async () => {
  const { get } = setUp();
  for (const path of ["/status", "/openapi.json"]) {
    const response = await get(path, "POST");
    expect([response?.status, response?.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  }
});

test("/healthz is 200 with an empty body and without a content type", async () => {
  const response = await setUp().get("/healthz?x=1");
  expect(response?.status).toBe(200);
  expect(response?.headers.has("content-type")).toBe(false);
  expect(await response?.text()).toBe("");
});

test("/status is JSON that names its version", async () => {
  const response = await setUp().get("/status");
  expect(response?.headers.get("content-type")).toBe("application/json;charset=utf-8");
  expect(await response?.json()).toMatchObject({ statusVersion: 1, state: "starting" });
});

test("/metrics is Prometheus' text format", async () => {
  const { registry, get } = setUp();
  registry.scope("flagd").counter({ name: "c", description: "" }).series().value = 7;
  const response = await get("/metrics");
  expect(response?.headers.get("content-type")).toBe(
    "text/plain; version=0.0.4; charset=utf-8; escaping=underscores",
  );
  expect(await response?.text()).toMatch(/^c_total\{.*\} 7$/m);
});

test.each<[string | undefined, boolean]>([
  [undefined, false],
  ["gzip", true],
  ["zstd, GZIP;q=0.8, identity", true],
  ["gzip;q=0", false],
  ["gzip; q=0.0, br", false],
  ["br, identity", false],
])("/metrics for a client that accepts %p is compressed: %p", async (accepted, compressed) => {
  const { registry, get } = setUp();
  registry.scope("flagd").counter({ name: "c", description: "" }).series().value = 7;
  const headers = accepted === undefined ? {} : { "Accept-Encoding": accepted };
  const response = await get("/metrics", "GET", headers);
  expect(response?.headers.get("content-encoding")).toBe(compressed ? "gzip" : null);
  const bytes = (await response?.bytes()) ?? new Uint8Array();
  const text = new TextDecoder().decode(compressed ? Bun.gunzipSync(bytes) : bytes);
  expect(text).toMatch(/^c_total\{.*\} 7$/m);
});

test.each(["GET", "HEAD", "POST", "DELETE"])("%s is answered", async (method) => {
  const { get } = setUp();
  for (const path of ["/healthz", "/metrics"]) {
    expect((await get(path, method))?.status).toBe(200);
  }
});

test.each(["/", "/livez", "/healthz/", "/Healthz", "/ofrep/v1/evaluate/flags", "/x/metrics"])(
  "%s is left to others",
  async (path) => {
    expect(await setUp().get(path)).toBeUndefined();
  },
);

describe("the fast path of probes", () => {
  const request = (target: string, method = "GET") => `${method} ${target} HTTP/1.1\r\nHost: a`;
  const answerTo = (readiness: Readiness, text: string, body = "") => {
    const head = parseRequestHead(text);
    if (typeof head === "string") throw new Error(head);
    const answer = createProbeFastPath(readiness)(head, Buffer.from(body), false);
    return answer?.toString().replace(/Date: .*\r\n/, "");
  };
  const well =
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n";

  test("answers them if all is well", () => {
    const { file, redis, readiness } = setUp();
    expect(answerTo(readiness, request("/healthz"))).toBe(well);
    expect(answerTo(readiness, request("/readyz"))).toBeUndefined();
    file.accepted(1);
    redis.accepted(1);
    expect(answerTo(readiness, request("/readyz"))).toBe(well);
    readiness.stop();
    expect(answerTo(readiness, request("/readyz"))).toBeUndefined();
  });

  test("leaves to the handler what it has more to say of", () => {
    const { file, redis, readiness } = setUp();
    file.accepted(1);
    redis.restored(1, undefined, 0);
    expect(readiness.state).toBe("ready");
    expect(answerTo(readiness, request("/readyz"))).toBeUndefined();
    for (const target of ["/metrics", "/status", "/healthz?x", "/", "/readyz/"]) {
      expect(answerTo(readiness, request(target))).toBeUndefined();
    }
    expect(answerTo(readiness, request("/healthz", "POST"))).toBeUndefined();
    expect(answerTo(readiness, request("/healthz"), "body")).toBeUndefined();
  });
});
