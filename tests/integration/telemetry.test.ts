import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { Collector, plain } from "../support/collector.ts";
import { type Flagd, runFlagd, startFlagd } from "../support/flagd.ts";
import { until } from "../support/until.ts";

let folder: string;
let source: string;
let certificates: Certificates;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "flagd-telemetry-"));
  const file = join(folder, "flags.json");
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

  test("come over HTTP where the environment says so", async () => {
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

  test("stay whole at /metrics where no collector is named", async () => {
    await using flagd = await start(["-t", "otel"]);
    await evaluate(flagd);
    expect(await (await fetch(`${flagd.http}/metrics`)).text()).toContain("feature_flag_flagd");
    expect(flagd.log()).toContain("--metrics-exporter otel has no effect");
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

describe("a collector that is not there", () => {
  test("disturbs nobody, is named once, and is found when it comes", async () => {
    const gone = await Collector.start();
    const { port } = gone;
    gone[Symbol.dispose]();
    await using flagd = await start(["-t", "otel", "-o", `127.0.0.1:${port}`]);
    await until("the warning", () => flagd.log().includes("metrics do not reach"));
    expect((await evaluate(flagd)).status).toBe(200);
    using collector = await Collector.start({ port });
    await until("the metrics", () => collector.metrics().has(impressions), 25);
    expect(flagd.log().split("metrics do not reach")).toHaveLength(2);
  });

  test("does not hold up the end", async () => {
    const gone = await Collector.start();
    gone[Symbol.dispose]();
    const flagd = await start(["-t", "otel", "-o", `127.0.0.1:${gone.port}`]);
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
