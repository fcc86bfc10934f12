import { describe, expect, test } from "bun:test";
import type { CallRecord } from "../../../src/core/calls.ts";
import { Code } from "../../../src/core/errors.ts";
import { ofrepRoute } from "../../../src/services/ofrep/ofrep-route.ts";
import {
  type CallMetricsOptions,
  createCallMetrics,
  exactRoutes,
} from "../../../src/telemetry/call-metrics.ts";
import { Registry } from "../../../src/telemetry/metrics/registry.ts";
import { samples, scoped } from "../../support/samples.ts";

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

  test("that stream have ended well if the client had enough", () => {
    const stream = "/flagd.sync.v1.FlagSyncService/SyncFlags";
    const options = { port: "sync", routeOf: exactRoutes([stream, path]) } as const;
    const canceled = { protocol: "grpc", code: Code.Canceled } as const;
    const registry = measure(options, { ...canceled, path: stream, stream: true }, canceled);
    expect(
      samples(registry, duration).map((line) => /status_code="(\d+)"/.exec(line)?.[1]),
    ).toEqual(["0", "1"]);
  });

  test("that stream have answered with as many messages as they sent", () => {
    const stream = "/flagd.evaluation.v1.Service/EventStream";
    const calls = [3, 0].map((responses) => ({ path: stream, stream: true, responses }));
    const registry = measure({ routeOf: exactRoutes([stream]) }, ...calls);
    expect(samples(registry, "rpc_server_requests_per_rpc_sum")[0]).toEndWith(" 2");
    expect(samples(registry, "rpc_server_responses_per_rpc_sum")[0]).toEndWith(" 3");
    expect(samples(registry, "rpc_server_responses_per_rpc_count")[0]).toEndWith(" 2");
  });
});
