import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { CollectorTarget } from "../../../../src/core/otel-settings.ts";
import { Registry } from "../../../../src/telemetry/metrics/registry.ts";
import {
  CollectorExporter,
  metricsSignal,
} from "../../../../src/telemetry/otel/collector-exporter.ts";
import { Delivery, logDiagnostics } from "../../../../src/telemetry/otel/delivery.ts";
import { RegistryProducer } from "../../../../src/telemetry/otel/metric-producer.ts";
import { type Certificates, makeCertificates } from "../../../support/certificates.ts";
import { Collector } from "../../../support/collector.ts";
import {
  ExportMetricsServiceRequestSchema,
  ExportMetricsServiceResponseSchema,
} from "../../../support/otlp/gen/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.ts";
import { rememberingLog } from "../../../support/remembering-log.ts";

let certificates: Certificates;
beforeAll(() => {
  certificates = makeCertificates();
});
afterAll(() => certificates.remove());

function createExporter(
  target: Pick<CollectorTarget, "protocol" | "url"> & Partial<CollectorTarget>,
) {
  const log = rememberingLog();
  logDiagnostics(log);
  const complete = { headers: {}, timeoutMs: 5_000, gzip: false, files: {}, reloadIntervalMs: 0 };
  const settings = { ...complete, ...target };
  const exporter = new CollectorExporter(
    metricsSignal,
    settings,
    new Delivery("metrics", settings, log),
  );
  const registry = new Registry({ resource: { "service.name": "x" } });
  registry.scope("own").counter({ name: "counter", description: "" }).series().value = 3;
  const producer = new RegistryProducer(registry, "cumulative");
  /** What the operator reads of one export. */
  const send = async () => {
    const { resourceMetrics } = await producer.collect();
    const before = log.entries.length;
    await new Promise((resolve) => exporter.export(resourceMetrics, resolve));
    return log.entries
      .slice(before)
      .filter(({ level }) => level !== "debug")
      .map(({ message, fields }) => [message, fields?.reason].filter(Boolean).join(": "));
  };
  return { send, stop: () => exporter.shutdown() };
}

/** What the operator reads of an export to a server that answers so. */
async function sendTo(
  answer: (request: Request) => Response | Promise<Response>,
  options: Partial<CollectorTarget> = {},
) {
  await using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
  const { send, stop } = createExporter({
    protocol: "http/protobuf",
    url: `http://127.0.0.1:${server.port}/v1/metrics`,
    ...options,
  });
  const lines = await send();
  await stop();
  return lines.map((line) => line.replace(`${server.port}`, "PORT"));
}

describe("over HTTP", () => {
  test.each([false, true])("protobuf is sent with the headers given, gzip: %p", async (gzip) => {
    const received: unknown[] = [];
    const answer = async (incoming: Request) => {
      const body = await incoming.bytes();
      const compressed = incoming.headers.get("content-encoding") === "gzip";
      const request = fromBinary(
        ExportMetricsServiceRequestSchema,
        compressed ? Bun.gunzipSync(body) : body,
      );
      received.push(
        compressed,
        incoming.headers.get("content-type"),
        incoming.headers.get("authorization"),
        request.resourceMetrics[0]?.scopeMetrics[0]?.metrics[0]?.name,
      );
      return new Response();
    };
    expect(await sendTo(answer, { gzip, headers: { authorization: "Bearer x" } })).toEqual([]);
    expect(received).toEqual([gzip, "application/x-protobuf", "Bearer x", "counter"]);
  });

  test("JSON is sent if it is asked for", async () => {
    const received: unknown[] = [];
    const answer = async (incoming: Request) => {
      received.push(incoming.headers.get("content-type"), await incoming.json());
      return Response.json({});
    };
    expect(await sendTo(answer, { protocol: "http/json" })).toEqual([]);
    expect(received).toMatchObject([
      "application/json",
      { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: "counter" }] }] }] },
    ]);
  });

  test.each([429, 502, 503, 504])("an answer of %i is tried again", async (status) => {
    let requests = 0;
    const answer = () =>
      requests++ === 0
        ? new Response("later", { status, headers: { "retry-after": "0" } })
        : new Response();
    expect(await sendTo(answer)).toEqual([]);
    expect(requests).toBe(2);
  });

  test.each([400, 404, 500])("an answer of %i is final", async (status) => {
    let requests = 0;
    const answer = () => {
      requests++;
      return new Response("why", { status });
    };
    expect(await sendTo(answer)).toEqual([
      `cannot export metrics to 127.0.0.1:PORT: the collector responded with ${status}`,
    ]);
    expect(requests).toBe(1);
  });

  test("a collector that always says later is given up after the timeout", async () => {
    const answer = () => new Response("later", { status: 503 });
    expect(await sendTo(answer, { timeoutMs: 300 })).toEqual([
      "cannot export metrics to 127.0.0.1:PORT: the collector responded with 429, 502, 503 or 504, which is to say later",
    ]);
  });

  test("a collector that never answers is given up after the timeout", async () => {
    const answer = () => new Promise<Response>(() => {});
    const [line] = await sendTo(answer, { timeoutMs: 300 });
    expect(line).toContain("timed out");
  });

  test("what is kept in part only is reported", async () => {
    const partialSuccess = { rejectedDataPoints: 3n, errorMessage: "too old" };
    const response = create(ExportMetricsServiceResponseSchema, { partialSuccess });
    const body = toBinary(ExportMetricsServiceResponseSchema, response);
    const [line] = await sendTo(() => new Response(body));
    expect(line).toMatch(/^OpenTelemetry: Received Partial Success response: .*too old/);
  });

  test("redirects are not followed: they would be shown the headers", async () => {
    const paths: string[] = [];
    const lines = await sendTo(({ url }) => {
      paths.push(new URL(url).pathname);
      return new Response(null, { status: 307, headers: { location: "/elsewhere" } });
    });
    expect(lines).toEqual([
      "cannot export metrics to 127.0.0.1:PORT: the collector responded with 307",
    ]);
    expect(paths).toEqual(["/v1/metrics"]);
  });
});

/** A pair of files whose contents the test exchanges. */
function renewable() {
  const files = {
    certPath: join(certificates.folder, "renewed.crt"),
    keyPath: join(certificates.folder, "renewed.key"),
  };
  const put = ({ cert, key }: { cert: string; key: string }) => {
    copyFileSync(cert, files.certPath);
    copyFileSync(key, files.keyPath);
  };
  return { files: { ...files, caPath: certificates.ca.cert }, put };
}

describe("a client certificate that was replaced is used without a restart", () => {
  test("over gRPC", async () => {
    const { ca, server, client, foreign } = certificates;
    using collector = await Collector.start({ tls: server, clientCa: ca.cert });
    const { files, put } = renewable();
    put(foreign);
    const url = `https://localhost:${collector.port}`;
    const target = { protocol: "grpc", url, files, reloadIntervalMs: 1, timeoutMs: 1_000 } as const;
    const { send, stop } = createExporter(target);
    expect((await send())[0]).toStartWith("cannot export metrics to localhost:");
    put(client);
    await Bun.sleep(2);
    expect(await send()).toEqual([expect.stringMatching(/^exporting metrics to .* again$/)]);
    expect(collector.metricsRequests).toHaveLength(1);
    await stop();
  });

  test("over HTTP", async () => {
    const { ca, server, client, foreign } = certificates;
    let requests = 0;
    await using collector = Bun.serve({
      port: 0,
      hostname: "localhost",
      tls: {
        cert: Bun.file(server.cert),
        key: Bun.file(server.key),
        ca: Bun.file(ca.cert),
        requestCert: true,
        rejectUnauthorized: true,
      },
      fetch: () => {
        requests++;
        return new Response();
      },
    });
    const { files, put } = renewable();
    put(foreign);
    const { send, stop } = createExporter({
      protocol: "http/protobuf",
      url: `https://localhost:${collector.port}/v1/metrics`,
      files,
      reloadIntervalMs: 1,
      timeoutMs: 1_000,
    });
    expect((await send())[0]).toStartWith("cannot export metrics to localhost:");
    put(client);
    await Bun.sleep(2);
    expect(await send()).toEqual([expect.stringMatching(/^exporting metrics to .* again$/)]);
    expect(requests).toBe(1);
    await stop();
  });
});

describe("the collector's own certificate is trusted in the place of its CA", () => {
  const files = () => ({ caPath: certificates.server.cert });

  test("over gRPC", async () => {
    using collector = await Collector.start({ tls: certificates.server });
    const url = `https://localhost:${collector.port}`;
    const { send, stop } = createExporter({ protocol: "grpc", url, files: files() });
    expect(await send()).toEqual([]);
    expect(collector.metricsRequests).toHaveLength(1);
    await stop();
  });

  test("over HTTP", async () => {
    const { server } = certificates;
    let requests = 0;
    await using collector = Bun.serve({
      port: 0,
      hostname: "localhost",
      tls: { cert: Bun.file(server.cert), key: Bun.file(server.key) },
      fetch: () => {
        requests++;
        return new Response();
      },
    });
    const url = `https://localhost:${collector.port}/v1/metrics`;
    const { send, stop } = createExporter({ protocol: "http/protobuf", url, files: files() });
    expect(await send()).toEqual([]);
    expect(requests).toBe(1);
    await stop();
  });
});
