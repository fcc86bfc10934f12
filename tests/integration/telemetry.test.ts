import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ChannelCredentials, Client, Metadata } from "@grpc/grpc-js";
import { Service } from "../../src/gen/flagd/evaluation/v1/evaluation_pb.ts";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { Collector, plain } from "../support/collector.ts";
import { binary, type Flagd, runFlagd, startFlagd } from "../support/flagd.ts";
import { freePort, freePorts } from "../support/ports.ts";
import { RedisServer } from "../support/redis.ts";
import { RedisSync } from "../support/redis-sync.ts";
import { until } from "../support/until.ts";

let folder: string;
let file: string;
let source: string;
let certificates: Certificates;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "flagd-telemetry-"));
  file = join(folder, "flags.json");
  writeFileSync(
    file,
    JSON.stringify({
      flags: { b: { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "on" } },
    }),
  );
  source = `file:${file}`;
  certificates = makeCertificates();
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  certificates.remove();
});

const often = { OTEL_METRIC_EXPORT_INTERVAL: "100", OTEL_BSP_SCHEDULE_DELAY: "50" };

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return startFlagd(["-f", source, ...args], { env: { ...often, ...env } });
}

const evaluate = (flagd: Flagd, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`http://127.0.0.1:${flagd.port}/flagd.evaluation.v1.Service/ResolveBoolean`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: '{"flagKey":"b"}',
  });

const evaluationClient = (flagd: Flagd) =>
  new Client(`127.0.0.1:${flagd.port}`, ChannelCredentials.createInsecure());

function openEventStream(client: Client) {
  const stream = client.makeServerStreamRequest(
    `/${Service.typeName}/EventStream`,
    () => Buffer.alloc(0),
    (bytes) => bytes,
    null,
  );
  stream.on("error", () => {});
  return stream;
}

const impressions = "feature_flag.flagd.impression";

describe("metrics", () => {
  test("are pushed to the collector, and only those of the process stay at /metrics", async () => {
    using collector = await Collector.start();
    await using flagd = await start(["-t", "otel", "-o", `http://127.0.0.1:${collector.port}`]);
    await evaluate(flagd);
    const metric = await until("the impression", () => collector.metrics().get(impressions));
    if (metric.data.case !== "sum") throw new Error(`${metric.data.case} is not a sum`);
    const [point] = metric.data.value.dataPoints;
    expect(plain(point?.attributes ?? [])).toEqual({
      "feature_flag.key": "b",
      "feature_flag.provider.name": "flagd",
      "feature_flag.reason": "STATIC",
      "feature_flag.result.variant": "on",
    });
    expect(point?.value).toEqual({ case: "asDouble", value: 1 });
    const text = await (await fetch(`${flagd.http}/metrics`)).text();
    expect(text).toContain("process_cpu_seconds_total");
    expect(text).not.toContain("feature_flag_");
  });

  test("come to an address without a scheme too, with the resource of the environment", async () => {
    using collector = await Collector.start();
    await using _ = await start(["-t", "otel", "-o", `127.0.0.1:${collector.port}`], {
      OTEL_RESOURCE_ATTRIBUTES: "team=ann",
      OTEL_EXPORTER_OTLP_HEADERS: "tenant=x",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    });
    const request = await until("a request", () => collector.metricsRequests[0]);
    expect(plain(request.resourceMetrics[0]?.resource?.attributes ?? [])).toMatchObject({
      "service.name": "flagd",
      team: "ann",
    });
    expect(collector.metadata[0]?.get("tenant")).toEqual(["x"]);
  });

  test("come over mutual TLS", async () => {
    const { ca, server, client } = certificates;
    using collector = await Collector.start({ tls: server, clientCa: ca.cert });
    const tls = ["-A", ca.cert, "-D", client.cert, "-K", client.key];
    await using _ = await start([
      "-t",
      "otel",
      "-o",
      `https://localhost:${collector.port}`,
      ...tls,
    ]);
    await until("a request", () => collector.metricsRequests[0]);
  });

  test("come over TLS with a CA that the operator has added to the system's", async () => {
    const { ca, server } = certificates;
    using collector = await Collector.start({ tls: server });
    await using _ = await start(["-t", "otel", "-o", `https://localhost:${collector.port}`], {
      SSL_CERT_FILE: ca.cert,
    });
    await until("a request", () => collector.metricsRequests[0]);
  });

  test("come over HTTP if the environment says so", async () => {
    const paths: string[] = [];
    await using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => {
        paths.push(`${request.headers.get("content-type")} ${new URL(request.url).pathname}`);
        return new Response();
      },
    });
    await using _ = await start(["-t", "otel"], {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.port}`,
    });
    await until("a request", () => paths.includes("application/x-protobuf /v1/metrics"));
  });

  test("that standard output does not take are told of once, and flagd goes on", async () => {
    const env = { OTEL_METRICS_EXPORTER: "console", OTEL_METRIC_EXPORT_INTERVAL: "20" };
    const ports = ["-p", "0", "-m", "0", "-r", "0", "-g", "0"];
    const child = Bun.spawn([binary, "start", "-f", source, ...ports], {
      env: { ...process.env, ...env },
      stdout: "pipe",
      stderr: "pipe",
    });
    await child.stdout.cancel();
    let log = "";
    const read = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of child.stderr) log += decoder.decode(chunk, { stream: true });
    })();
    await until("the warning", () => log.includes("cannot export metrics to standard output"));
    child.kill("SIGTERM");
    await read;
    expect(await child.exited).toBe(0);
    expect(log.match(/cannot export metrics to standard output {2}.*EPIPE/g)).toHaveLength(1);
    expect(log).not.toContain("unexpected");
  });

  test("stay whole at /metrics if no collector is named", async () => {
    await using flagd = await start(["-t", "otel"]);
    await evaluate(flagd);
    expect(await (await fetch(`${flagd.http}/metrics`)).text()).toContain("feature_flag_flagd");
    await until("the hint", () => flagd.log().includes("--metrics-exporter otel has no effect"));
  });

  test("are sent a last time at the end", async () => {
    using collector = await Collector.start();
    const slow = { OTEL_METRIC_EXPORT_INTERVAL: "3600000" };
    const flagd = await start(["-t", "otel", "-o", `127.0.0.1:${collector.port}`], slow);
    await evaluate(flagd);
    expect(await flagd.stop()).toBe(0);
    expect(collector.metrics().has(impressions)).toBe(true);
  });
});

const caller = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
const traceparent = `00-${caller.traceId}-${caller.spanId}-01`;

describe("traces", () => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

  /** The spans that continue the caller's trace, once there are `count`. */
  const spansOf = (collector: Collector, count: number) =>
    until(`${count} spans`, () => {
      const spans = collector.spans().filter(({ traceId }) => hex(traceId) === caller.traceId);
      return spans.length >= count ? spans : undefined;
    });

  function resolveByGrpc(client: Client, flagKey: string): Promise<number> {
    const metadata = new Metadata();
    metadata.set("traceparent", traceparent);
    const { input, output } = Service.method.resolveBoolean;
    return new Promise((resolve) => {
      client.makeUnaryRequest(
        `/${Service.typeName}/ResolveBoolean`,
        (key: string) => Buffer.from(toBinary(input, create(input, { flagKey: key }))),
        (bytes) => fromBinary(output, bytes),
        flagKey,
        metadata,
        (error) => resolve(error?.code ?? 0),
      );
    });
  }

  const service = "flagd.evaluation.v1.Service";

  test.each<[string, string, (flagd: Flagd) => Promise<unknown>]>([
    ["connect_rpc", "Connect", (flagd) => evaluate(flagd, { traceparent })],
    [
      "grpc",
      "gRPC",
      async (flagd) => {
        const client = evaluationClient(flagd);
        await resolveByGrpc(client, "b");
        client.close();
      },
    ],
  ])("%s: a call of %s and its evaluation continue the caller's trace", async (system, _, call) => {
    using collector = await Collector.start();
    await using flagd = await start(["-o", `127.0.0.1:${collector.port}`]);
    await call(flagd);
    const spans = await spansOf(collector, 2);
    const server = spans.find(({ name }) => name === `${service}/ResolveBoolean`);
    const evaluation = spans.find(({ name }) => name === "resolveBoolean");
    expect(server).toMatchObject({ kind: 2, scopeName: "connectrpc.com/otelconnect" });
    expect(hex(server?.parentSpanId ?? new Uint8Array())).toBe(caller.spanId);
    expect(plain(server?.attributes ?? [])).toEqual({
      "rpc.system": system,
      "rpc.service": service,
      "rpc.method": "ResolveBoolean",
      ...(system === "grpc" && { "rpc.grpc.status_code": 0n }),
    });
    const messages = server?.events.map(({ name, attributes }) => [name, plain(attributes)]);
    const message = { "message.id": 1n, "message.uncompressed_size": expect.any(BigInt) };
    expect(messages).toEqual([
      ["message", { ...message, "message.type": "RECEIVED" }],
      ["message", { ...message, "message.type": "SENT" }],
    ]);
    expect(evaluation).toMatchObject({ kind: 2, scopeName: "flagd.evaluation.v1" });
    expect(evaluation?.parentSpanId).toEqual(server?.spanId ?? new Uint8Array());
    expect(plain(evaluation?.attributes ?? [])).toEqual({
      "feature_flag.key": "b",
      "feature_flag.provider.name": "flagd",
      "feature_flag.result.variant": "on",
    });
  });

  test("an evaluation that fails says why", async () => {
    using collector = await Collector.start();
    await using flagd = await start(["-o", `127.0.0.1:${collector.port}`]);
    const client = evaluationClient(flagd);
    expect(await resolveByGrpc(client, "missing")).toBe(5);
    client.close();
    const spans = await spansOf(collector, 2);
    const server = spans.find(({ name }) => name.startsWith(service));
    expect(plain(server?.attributes ?? [])).toMatchObject({ "rpc.grpc.status_code": 5n });
    const evaluation = spans.find(({ name }) => name === "resolveBoolean");
    expect(evaluation?.status).toMatchObject({
      code: 2,
      message: "error evaluating flag with key missing",
    });
    expect(plain(evaluation?.events[0]?.attributes ?? [])).toEqual({
      "exception.type": "*connect.Error",
      "exception.message": "not_found: Flag not found",
    });
    expect(server?.status?.code).toBe(0);
  });

  test("an evaluation that fails by the flag's definition is the server's fault", async () => {
    using collector = await Collector.start();
    const variants = { on: true };
    const broken = {
      state: "ENABLED",
      variants,
      defaultVariant: "on",
      targeting: { nonsense: [] },
    };
    const own = join(folder, "broken.json");
    writeFileSync(own, JSON.stringify({ flags: { broken } }));
    await using flagd = await start(["-f", `file:${own}`, "-o", `127.0.0.1:${collector.port}`]);
    const client = evaluationClient(flagd);
    expect(await resolveByGrpc(client, "broken")).toBe(15);
    client.close();
    const spans = await spansOf(collector, 2);
    const server = spans.find(({ name }) => name.startsWith(service));
    expect(server?.status).toMatchObject({ code: 2, message: "data_loss" });
  });

  test("every document that a source delivers has a span, one that is rejected says why", async () => {
    using collector = await Collector.start();
    const own = join(folder, "changing.json");
    writeFileSync(own, '{"flags":{}}');
    await using _ = await startFlagd(
      ["-f", `file:${own}`, "-o", `127.0.0.1:${collector.port}`, "--workers", "2"],
      { env: often },
    );
    const loads = (count: number) =>
      until(`${count} loads`, () => {
        const spans = collector.spans().filter(({ name }) => name === "flagSync");
        return spans.length >= count ? spans : undefined;
      });
    await loads(1);
    writeFileSync(own, "no JSON");
    const [accepted, rejected, ...more] = await loads(2);
    expect(more).toEqual([]);
    for (const span of [accepted, rejected]) {
      expect(span).toMatchObject({ kind: 1, scopeName: "jsonEvaluator" });
      expect(span?.parentSpanId).toHaveLength(0);
      expect(plain(span?.attributes ?? [])).toEqual({ "feature_flag.source": own });
    }
    expect(accepted?.status?.code).toBe(0);
    expect(rejected?.status).toMatchObject({ code: 2, message: "flagSync error" });
    expect(plain(rejected?.events[0]?.attributes ?? [])["exception.message"]).toContain(
      "not valid JSON",
    );
  });

  test.each([
    ["/ofrep/v1/evaluate/flags/b", "resolveAnyValue", { "feature_flag.key": "b" }],
    ["/ofrep/v1/evaluate/flags", "resolveAll", { "feature_flag.count": 1n }],
  ])("%s of OFREP has %s within it", async (path, name, attributes) => {
    using collector = await Collector.start();
    await using flagd = await start(["-o", `127.0.0.1:${collector.port}`]);
    await fetch(flagd.http + path, { method: "POST", headers: { traceparent } });
    const spans = await spansOf(collector, 2);
    const server = spans.find((span) => span.name === "flagd.ofrep");
    expect(hex(server?.parentSpanId ?? new Uint8Array())).toBe(caller.spanId);
    expect(plain(server?.attributes ?? [])).toMatchObject({
      "http.request.method": "POST",
      "http.response.status_code": 200n,
      "url.path": path,
      "url.scheme": "http",
      "server.address": "127.0.0.1",
      "server.port": BigInt(flagd.httpPort),
      "http.request.body.size": 0n,
    });
    const evaluation = spans.find((span) => span.name === name);
    expect(evaluation).toMatchObject({ kind: 1, scopeName: "jsonEvaluator" });
    expect(evaluation?.parentSpanId).toEqual(server?.spanId ?? new Uint8Array());
    expect(plain(evaluation?.attributes ?? [])).toMatchObject(attributes);
  });

  test("a caller that is not sampled is not if the operator follows callers", async () => {
    using collector = await Collector.start();
    await using flagd = await start(["-o", `127.0.0.1:${collector.port}`], {
      OTEL_TRACES_SAMPLER: "parentbased_always_on",
    });
    await evaluate(flagd, { traceparent: traceparent.replace(/1$/, "0") });
    await evaluate(flagd, { traceparent });
    const calls = () => collector.spans().filter(({ name }) => name !== "flagSync");
    await until("spans", () => calls().length >= 2);
    expect(await flagd.stop()).toBe(0);
    expect(calls()).toHaveLength(2);
  });

  test("are sent at the end, the stream's own span too", async () => {
    using collector = await Collector.start();
    const late = { OTEL_BSP_SCHEDULE_DELAY: "3600000" };
    const flagd = await start(["-o", `127.0.0.1:${collector.port}`], late);
    const client = evaluationClient(flagd);
    const stream = openEventStream(client);
    await new Promise((resolve) => stream.once("data", resolve));
    stream.resume();
    expect(await flagd.stop()).toBe(0);
    client.close();
    const names = collector.spans().map(({ name }) => name);
    expect(names).toEqual(["flagSync", `${service}/EventStream`]);
  });
});

test("the console has a line for each span and each metric, with ids as other tools write them", async () => {
  const env = { OTEL_TRACES_EXPORTER: "console", OTEL_METRICS_EXPORTER: "console", ...often };
  const [port = 0] = await freePorts(1);
  const ports = ["-p", `${port}`, "-m", "0", "-r", "0", "-g", "0"];
  const child = Bun.spawn([binary, "start", "-f", source, ...ports], {
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  let text = "";
  const read = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) text += decoder.decode(chunk, { stream: true });
  })();
  const url = `http://127.0.0.1:${port}/flagd.evaluation.v1.Service/ResolveBoolean`;
  const headers = { "content-type": "application/json", traceparent };
  await until("an answer", async () => {
    return (await fetch(url, { method: "POST", headers, body: '{"flagKey":"b"}' })).ok;
  });
  await until("the metric", () => text.includes(impressions));
  child.kill("SIGTERM");
  await read;
  expect(await child.exited).toBe(0);
  const lines = text.trim().split("\n");
  const objects = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(objects).toContainEqual(
    expect.objectContaining({
      span: "resolveBoolean",
      traceId: caller.traceId,
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
      parentSpanId: expect.stringMatching(/^[0-9a-f]{16}$/),
    }),
  );
  expect(objects).toContainEqual(
    expect.objectContaining({
      metric: impressions,
      series: [expect.objectContaining({ "feature_flag.key": "b", value: 1 })],
    }),
  );
});

test("redis-sync sends metrics and traces as well", async () => {
  using collector = await Collector.start();
  await using redis = await RedisServer.start();
  await redis.set("flags", await Bun.file(file).text());
  const telemetry = ["-t", "otel", "-o", `127.0.0.1:${collector.port}`];
  const sync = await RedisSync.start(redis, telemetry);
  {
    await using _ = await startFlagd(["--uri", `grpc://127.0.0.1:${sync.port}`]);
    const text = await (await fetch(`${sync.management}/metrics`)).text();
    expect(text).toContain("process_cpu_seconds_total");
    expect(text).not.toContain("feature_flag_flagd");
  }
  expect(await sync.stop()).toBe(0);
  await sync[Symbol.asyncDispose]();
  expect(collector.metrics().has("feature_flag.flagd.sync.active_streams")).toBe(true);
  const names = collector.spans().map(({ name }) => name);
  expect(names).toContain("flagSync");
  expect(names).toContain("flagd.sync.v1.FlagSyncService/SyncFlags");
});

test("what is wrong with OpenTelemetry's variables is said once, however many threads there are", async () => {
  await using flagd = await start(["--workers", "3", "-o", "127.0.0.1:1"], {
    OTEL_TRACES_SAMPLER: "sometimes",
  });
  const said = () => flagd.log().split("OTEL_TRACES_SAMPLER ignored").length - 1;
  await until("its line", () => said() > 0);
  expect(await flagd.stop()).toBe(0);
  expect(said()).toBe(1);
});

test("debugging tells of each evaluation, by every protocol, and of no value of a context", async () => {
  using collector = await Collector.start();
  await using flagd = await start(["--debug", "-o", `127.0.0.1:${collector.port}`]);
  const context = { email: "ann@example.com" };
  const json = { method: "POST", headers: { "content-type": "application/json" } };
  const call = `http://127.0.0.1:${flagd.port}/flagd.evaluation.v1.Service/ResolveString`;
  await fetch(call, { ...json, body: JSON.stringify({ flagKey: "b", context }) });
  const ofrep = `${flagd.http}/ofrep/v1/evaluate/flags/nowhere`;
  await fetch(ofrep, { ...json, body: JSON.stringify({ context }) });
  await until("the log", () => flagd.log().includes("reason: FLAG_NOT_FOUND"));
  expect(flagd.log()).toMatch(/evaluating string flag: b .*flag-key=b/);
  expect(flagd.log()).toMatch(/WARN .*reason: TYPE_MISMATCH .*flag-key=b/);
  expect(flagd.log()).toMatch(/evaluating flag `nowhere` as a generic flag .*context-keys=.*email/);
  expect(flagd.log()).not.toContain("ann@example.com");
  const evaluations = () =>
    collector.spans().filter(({ name }) => /^(resolveString|resolveAnyValue)$/.test(name));
  await until("the spans beside it", () => evaluations().length === 2);
});

test("streams are active requests while they are open", async () => {
  await using flagd = await start([]);
  const active = async () => {
    const text = await (await fetch(`${flagd.http}/metrics`)).text();
    return /http_server_active_requests\{.*EventStream.* (\d+)/.exec(text)?.[1];
  };
  const client = evaluationClient(flagd);
  const stream = openEventStream(client);
  await until("the stream counted", async () => (await active()) === "1");
  stream.cancel();
  await until("its end counted", async () => (await active()) === "0");
  client.close();
});

describe("a collector that is not there", () => {
  test("disturbs nobody, is named once, and is found when it comes", async () => {
    const port = await freePort();
    await using flagd = await start(["-t", "otel", "-o", `127.0.0.1:${port}`]);
    await until("the warning", () => flagd.log().includes("cannot export metrics to"));
    expect((await evaluate(flagd)).status).toBe(200);
    using collector = await Collector.start({ port });
    await until("the metrics", () => collector.metrics().has(impressions), 25);
    expect(flagd.log().split("cannot export metrics to")).toHaveLength(2);
  });

  test.each(["grpc", "http/protobuf"])("does not hold up the end, over %s", async (protocol) => {
    const flagd = await start(["-t", "otel"], {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    });
    const before = performance.now();
    expect(await flagd.stop()).toBe(0);
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});

test.each<[string, string[]]>([
  ["--otel-collector-uri", ["-o", "ftp://collector"]],
  ["/nowhere/ca.pem", ["-o", "https://localhost:1", "-A", "/nowhere/ca.pem", "-t", "otel"]],
])("exit 1 names %s", async (name, args) => {
  const { code, stderr } = await runFlagd(["start", "-f", source, ...args]);
  expect(code).toBe(1);
  expect(stderr).toContain(name);
});
