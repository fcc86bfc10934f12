import { describe, expect, test } from "bun:test";
import { Code } from "@connectrpc/connect";
import type { CallRecord } from "../../../src/core/calls.ts";
import type { Outcome } from "../../../src/evaluation/outcome.ts";
import { type CallMetricsOptions, createCallMetrics } from "../../../src/telemetry/call-metrics.ts";
import { createOutcomeRecorder } from "../../../src/telemetry/flag-metrics.ts";
import { exposition } from "../../../src/telemetry/metrics/prometheus.ts";
import { Registry } from "../../../src/telemetry/metrics/registry.ts";
import { observeProcess } from "../../../src/telemetry/process-metrics.ts";
import { describeResource } from "../../../src/telemetry/resource.ts";
import { exactRoutes, ofrepRoute } from "../../../src/telemetry/routes.ts";
import { observeSources } from "../../../src/telemetry/source-metrics.ts";
import { createSyncMetrics } from "../../../src/telemetry/sync-metrics.ts";

const scoped = 'otel_scope_name="flagd",otel_scope_schema_url="",otel_scope_version=""';

/** The samples whose line starts so, buckets left out. */
const samples = (registry: Registry, name: string) =>
  exposition(registry.collect())
    .split("\n")
    .filter((line) => line.startsWith(name) && !line.includes("_bucket"));

const outcome = (part: Partial<Outcome>): Outcome => ({
  key: "b",
  reason: "STATIC",
  errorCode: undefined,
  variant: "on",
  value: true,
  metadata: {},
  memo: [],
  ...part,
});

describe("evaluations", () => {
  test("are counted as Go flagd counts them", () => {
    const registry = new Registry();
    const record = createOutcomeRecorder(registry);
    record(outcome({}));
    record(outcome({ key: "gone", reason: "ERROR", errorCode: "FLAG_NOT_FOUND" }));
    expect(samples(registry, "feature_flag_flagd")).toEqual([
      `feature_flag_flagd_impression_total{feature_flag_key="b",feature_flag_provider_name="flagd",feature_flag_reason="STATIC",feature_flag_result_variant="on",${scoped}} 1`,
      `feature_flag_flagd_result_reason_total{feature_flag_key="b",feature_flag_provider_name="flagd",feature_flag_reason="STATIC",${scoped}} 1`,
      `feature_flag_flagd_result_reason_total{ExceptionTypeKeyName="FLAG_NOT_FOUND",feature_flag_provider_name="flagd",feature_flag_reason="ERROR",${scoped}} 1`,
    ]);
  });

  test("of one outcome and of an equal one of a later load are one series", () => {
    const registry = new Registry();
    const record = createOutcomeRecorder(registry);
    const kept = outcome({});
    for (let i = 0; i < 5; i++) record(kept);
    record(outcome({}));
    expect(samples(registry, "feature_flag_flagd_impression_total")[0]).toEndWith(" 6");
  });

  test("that leave the caller's default are FALLBACK without a variant", () => {
    const registry = new Registry();
    createOutcomeRecorder(registry)(outcome({ reason: "DEFAULT", variant: undefined }));
    const [line] = samples(registry, "feature_flag_flagd_impression_total");
    expect(line).toContain('feature_flag_reason="FALLBACK",feature_flag_result_variant=""');
  });

  test("of two registries do not mix", () => {
    const registries = [new Registry(), new Registry()];
    const shared = outcome({});
    for (const registry of registries) createOutcomeRecorder(registry)(shared);
    for (const registry of registries) {
      expect(samples(registry, "feature_flag_flagd_impression_total")[0]).toEndWith(" 1");
    }
  });

  test("failing on keys that clients made up do not make series", () => {
    const registry = new Registry();
    const record = createOutcomeRecorder(registry);
    for (let i = 0; i < 50; i++) {
      record(outcome({ key: `k${i}`, reason: "ERROR", errorCode: "FLAG_NOT_FOUND" }));
    }
    expect(samples(registry, "feature_flag_flagd")).toHaveLength(1);
  });
});

const path = "/flagd.evaluation.v1.Service/ResolveBoolean";
const call = (part: Partial<CallRecord>): CallRecord => ({
  path,
  protocol: "connect_rpc",
  httpMethod: "POST",
  httpStatus: 200,
  code: 0,
  milliseconds: 3,
  requestBytes: 20,
  responseBytes: 200,
  ...part,
});

function measure(options: Partial<CallMetricsOptions>, ...calls: Partial<CallRecord>[]) {
  const registry = new Registry();
  const { record } = createCallMetrics(registry)({
    port: "evaluation",
    scheme: "http",
    routeOf: exactRoutes([path]),
    ...options,
  });
  for (const one of calls) record(call(one));
  return registry;
}

describe("HTTP calls", () => {
  test("have their real status, in seconds and bytes", () => {
    const registry = measure({}, { httpStatus: 404, code: Code.NotFound });
    const labels = `http_request_method="POST",http_response_status_code="404",http_route="${path}",${scoped},service_name="flagd",url_scheme="http"`;
    expect(samples(registry, "http_server_request_duration_seconds")).toEqual([
      `http_server_request_duration_seconds_sum{${labels}} 0.003`,
      `http_server_request_duration_seconds_count{${labels}} 1`,
    ]);
    expect(samples(registry, "http_server_response_body_size_bytes_sum")).toEqual([
      `http_server_response_body_size_bytes_sum{${labels}} 200`,
    ]);
    expect(samples(registry, "http_server_active_requests")[0]).toEndWith(" 0");
  });

  test("of unknown paths and methods are one series", () => {
    const strange = Array.from({ length: 30 }, (_, i) => ({
      path: `/random/${i}`,
      httpMethod: `M${i}`,
      httpStatus: 404,
      code: undefined,
    }));
    const registry = measure({}, ...strange);
    const found = samples(registry, "http_server_request_duration_seconds_count");
    expect(found).toHaveLength(1);
    expect(found[0]).toContain('http_request_method="_OTHER"');
    expect(found[0]).toContain('http_route="unknown"');
    expect(found[0]).toEndWith(" 30");
    expect(samples(registry, "rpc_")).toEqual([]);
  });

  test("of OFREP have Go flagd's routes", () => {
    expect(ofrepRoute("/ofrep/v1/evaluate/flags/a")).toBe("/ofrep/v1/evaluate/flags/{key}");
    expect(ofrepRoute("/ofrep/v1/evaluate/flags")).toBe("/ofrep/v1/evaluate/{path:flags\\/|flags}");
    expect(ofrepRoute("/ofrep/v1/evaluate/flags/")).toBe(
      "/ofrep/v1/evaluate/{path:flags\\/|flags}",
    );
    expect(ofrepRoute("/ofrep/v1/configuration")).toBeUndefined();
    const registry = measure(
      { port: "ofrep", routeOf: ofrepRoute, scheme: "https" },
      { path: "/ofrep/v1/evaluate/flags", protocol: "http", code: undefined },
    );
    const [line] = samples(registry, "http_server_request_duration_seconds_count");
    expect(line).toContain('http_route="/ofrep/v1/evaluate/{path:flags\\\\/|flags}"');
    expect(line).toContain('url_scheme="https"');
    expect(samples(registry, "http_server_request_body_size_bytes_sum")[0]).toEndWith(" 20");
    expect(samples(registry, "rpc_")).toEqual([]);
  });

  test("that stay open are counted while they do", () => {
    const registry = new Registry();
    const metrics = createCallMetrics(registry)({
      port: "evaluation",
      scheme: "http",
      routeOf: exactRoutes(["/S/EventStream"]),
    });
    const open = () =>
      samples(registry, "http_server_active_requests").map((line) =>
        line.replace(/.*http_route="([^"]*)".* /, "$1 "),
      );
    metrics.opened("POST", "/S/EventStream", 1);
    metrics.opened("POST", "/invented", 1);
    metrics.opened("POST", "/invented/too", 1);
    expect(open()).toEqual(["/S/EventStream 1", "unknown 2"]);
    metrics.opened("POST", "/S/EventStream", -1);
    expect(open()).toEqual(["/S/EventStream 0", "unknown 2"]);
  });
});

describe("RPCs", () => {
  const duration = "rpc_server_duration_milliseconds_count";

  test.each<[Partial<CallRecord>, string]>([
    [{ protocol: "connect_rpc", code: 0 }, ""],
    [{ protocol: "connect_rpc", code: Code.NotFound }, 'rpc_connect_rpc_error_code="not_found",'],
    [
      { protocol: "connect_rpc", code: Code.DeadlineExceeded },
      'rpc_connect_rpc_error_code="deadline_exceeded",',
    ],
    [{ protocol: "grpc", code: 0 }, 'rpc_grpc_status_code="0",'],
    [{ protocol: "grpc", code: 14 }, 'rpc_grpc_status_code="14",'],
    [{ protocol: "grpc_web", code: 5 }, 'rpc_grpc_web_status_code="5",'],
  ])("%j is labelled %s", (part, status) => {
    expect(samples(measure({}, part), duration)).toEqual([
      `${duration}{otel_scope_name="connectrpc.com/otelconnect",otel_scope_schema_url="",otel_scope_version="",${status}rpc_method="ResolveBoolean",rpc_service="flagd.evaluation.v1.Service",rpc_system="${part.protocol}"} 1`,
    ]);
  });

  test("of the sync port have gRPC's scope, sizes without status, and are not HTTP calls", () => {
    const sync = "/flagd.sync.v1.FlagSyncService/FetchAllFlags";
    const options = { port: "sync", routeOf: exactRoutes([sync]) } as const;
    const registry = measure(options, { path: sync, protocol: "grpc" });
    expect(samples(registry, duration)[0]).toContain("otelgrpc");
    expect(samples(registry, duration)[0]).toContain('rpc_grpc_status_code="0"');
    expect(samples(registry, "rpc_server_request_size_bytes_sum")[0]).toEndWith(" 20");
    expect(samples(registry, "rpc_server_response_size_bytes_sum")[0]).not.toContain("status");
    expect(samples(registry, "http_")).toEqual([]);
  });

  test("that stream have ended well where the client had enough", () => {
    const stream = "/flagd.sync.v1.FlagSyncService/SyncFlags";
    const options = { port: "sync", routeOf: exactRoutes([stream, path]) } as const;
    const canceled = { protocol: "grpc", code: Code.Canceled } as const;
    const registry = measure(options, { ...canceled, path: stream }, canceled);
    expect(
      samples(registry, duration).map((line) => /status_code="(\d+)"/.exec(line)?.[1]),
    ).toEqual(["0", "1"]);
  });

  test("that stream have answered with as many messages as they sent", () => {
    const stream = "/flagd.evaluation.v1.Service/EventStream";
    const calls = [3, 0].map((responses) => ({ path: stream, responses }));
    const registry = measure({ routeOf: exactRoutes([stream]) }, ...calls);
    expect(samples(registry, "rpc_server_requests_per_rpc_sum")[0]).toEndWith(" 2");
    expect(samples(registry, "rpc_server_responses_per_rpc_sum")[0]).toEndWith(" 3");
    expect(samples(registry, "rpc_server_responses_per_rpc_count")[0]).toEndWith(" 2");
  });
});

describe("sync streams", () => {
  test("are counted while open and timed when they end", () => {
    const registry = new Registry();
    let time = 0;
    const opened = createSyncMetrics(registry, () => time);
    const one = opened({ selector: "flagSetId=a", providerId: "p" });
    opened({});
    one.sent(100);
    one.sent(50);
    const labels = `${scoped},provider_id="p",selector="flagSetId=a"`;
    expect(samples(registry, "feature_flag_flagd_sync_active_streams")).toEqual([
      `feature_flag_flagd_sync_active_streams{${labels}} 1`,
      `feature_flag_flagd_sync_active_streams{${scoped}} 1`,
    ]);
    time = 61;
    one.ended("normal_close");
    expect(samples(registry, "feature_flag_flagd_sync_active_streams")[0]).toEndWith(" 0");
    expect(samples(registry, "feature_flag_flagd_sync_sent_bytes_total")[0]).toEndWith(" 150");
    expect(samples(registry, "feature_flag_flagd_sync_stream_duration_seconds_sum")[0]).toBe(
      `feature_flag_flagd_sync_stream_duration_seconds_sum{${scoped},provider_id="p",reason="normal_close",selector="flagSetId=a"} 61`,
    );
  });

  test("of clients that invent provider ids do not make series without end", () => {
    const registry = new Registry({ seriesLimit: 5 });
    const opened = createSyncMetrics(registry);
    const streams = Array.from({ length: 20 }, (_, i) => opened({ providerId: `p${i}` }));
    const active = () => samples(registry, "feature_flag_flagd_sync_active_streams");
    expect(active()).toHaveLength(5);
    for (const stream of streams) stream.ended("normal_close");
    expect(active().every((line) => line.endsWith(" 0"))).toBe(true);
  });
});

test("sources are measured as they are at the time of the collection", () => {
  const registry = new Registry();
  const source = {
    name: "flags.json",
    provider: "file",
    state: "connecting",
    lastSuccess: undefined as number | undefined,
    payloadsAccepted: 0,
    payloadsRejected: 0,
    failures: 0,
    documentBytes: 0,
  };
  observeSources(registry, [source]);
  const prefix = "feature_flag_flagd_source";
  expect(samples(registry, `${prefix}_last_success`)).toEqual([]);
  Object.assign(source, { state: "synced", lastSuccess: 1_500, payloadsAccepted: 2, failures: 1 });
  const labels = `${scoped},provider="file",source="flags.json"`;
  expect(samples(registry, `${prefix}_last_success`)).toEqual([
    `${prefix}_last_success_timestamp_seconds{${labels}} 1.5`,
  ]);
  expect(samples(registry, `${prefix}_failures_total`)).toEqual([
    `${prefix}_failures_total{${labels}} 1`,
  ]);
  const states = samples(registry, `${prefix}_state`).map((line) =>
    line.replace(/.*state="(\w+)".* (\d)$/, "$1 $2"),
  );
  expect(states).toEqual(["connecting 0", "synced 1", "stale 0", "failed 0"]);
});

test("the process is measured under the names that Prometheus' clients share", () => {
  const registry = new Registry();
  observeProcess(registry);
  const value = (name: string) => Number(samples(registry, `${name} `)[0]?.split(" ")[1]);
  expect(value("process_resident_memory_bytes")).toBeGreaterThan(1e6);
  expect(value("process_cpu_seconds_total")).toBeGreaterThan(0);
  expect(Math.abs(value("process_start_time_seconds") - Date.now() / 1000)).toBeLessThan(3600);
  expect(value("bun_heap_used_bytes")).toBeGreaterThan(0);
  if (process.platform === "linux") {
    expect(value("process_open_fds")).toBeGreaterThan(2);
    expect(value("process_max_fds")).toBeGreaterThanOrEqual(value("process_open_fds"));
  }
});

describe("the resource", () => {
  test("describes the service and its host", () => {
    expect(describeResource("1.2.3", {})).toMatchObject({
      "service.name": "flagd",
      "service.version": "1.2.3",
      "process.runtime.name": "bun",
    });
  });

  test("is overridden by the environment", () => {
    const environment = { OTEL_RESOURCE_ATTRIBUTES: " team = a%20b ,service.version=9" };
    expect(describeResource("1", environment)).toMatchObject({
      team: "a b",
      "service.version": "9",
      "service.name": "flagd",
    });
    expect(describeResource("1", { OTEL_SERVICE_NAME: "x" })["service.name"]).toBe("x");
  });

  test("ignores attributes that are malformed, with a warning", () => {
    for (const OTEL_RESOURCE_ATTRIBUTES of ["a=%zz,b=1", "a=1,b", "=1"]) {
      const warnings: string[] = [];
      const described = describeResource("1", { OTEL_RESOURCE_ATTRIBUTES }, (warning) =>
        warnings.push(warning),
      );
      expect(warnings).toEqual(["OTEL_RESOURCE_ATTRIBUTES ignored: expected key=value,key=value"]);
      expect(described).not.toHaveProperty("a");
      expect(described).not.toHaveProperty("b");
    }
  });
});
