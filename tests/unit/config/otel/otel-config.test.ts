import { describe, expect, test } from "bun:test";
import { type OtelOptions, readOtelConfig } from "../../../../src/config/otel/otel-config.ts";
import { ConfigError } from "../../../../src/core/errors.ts";
import type { Destination } from "../../../../src/core/otel-settings.ts";

const none: OtelOptions = {
  metricsExporter: "prometheus",
  collectorUri: undefined,
  certPath: undefined,
  keyPath: undefined,
  caPath: undefined,
  reloadIntervalMs: 0,
};

const read = (options: Partial<OtelOptions>, environment: Record<string, string> = {}) =>
  readOtelConfig({ ...none, ...options }, environment);

/** Protocol and URL of each signal that is sent. */
function destinations(...args: Parameters<typeof read>) {
  const { metrics, traces } = read(...args);
  const show = (to: readonly Destination[]) =>
    to.map((one) => (one === "console" ? one : `${one.protocol} ${one.url}`)).join();
  return {
    ...(metrics && { metrics: show(metrics.to) }),
    ...(traces && { traces: show(traces.to) }),
  };
}

const uri = "http://c:4317";
const otel = { metricsExporter: "otel", collectorUri: uri } as const;
const all = "OTEL_EXPORTER_OTLP_ENDPOINT";

test.each<[string, Partial<OtelOptions>, Record<string, string>, object]>([
  ["nothing asked for", {}, {}, {}],
  ["a collector", { collectorUri: uri }, {}, { traces: "grpc http://c:4317/" }],
  ["otel metrics", otel, {}, { metrics: "grpc http://c:4317/", traces: "grpc http://c:4317/" }],
  ["no scheme", { collectorUri: "c:4317" }, {}, { traces: "grpc http://c:4317/" }],
  [
    "an IP address",
    { collectorUri: "127.0.0.1:4317" },
    {},
    { traces: "grpc http://127.0.0.1:4317/" },
  ],
  ["an IPv6 address", { collectorUri: "[::1]:4317" }, {}, { traces: "grpc http://[::1]:4317/" }],
  [
    "no scheme, TLS files",
    { collectorUri: "c:1", caPath: "ca" },
    {},
    { traces: "grpc https://c:1/" },
  ],
  ["the scheme grpcs", { collectorUri: "grpcs://c:1" }, {}, { traces: "grpc https://c:1/" }],
  ["otel metrics for nobody", { metricsExporter: "otel" }, {}, {}],
  [
    "a variable for all",
    {},
    { [all]: "http://v:4318" },
    { traces: "http/protobuf http://v:4318/v1/traces" },
  ],
  [
    "a variable with a path",
    {},
    { [all]: "http://v/otlp/" },
    { traces: "http/protobuf http://v/otlp/v1/traces" },
  ],
  [
    "a variable before an option",
    otel,
    { [all]: "http://v" },
    {
      metrics: "http/protobuf http://v/v1/metrics",
      traces: "http/protobuf http://v/v1/traces",
    },
  ],
  [
    "a variable of one signal",
    otel,
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://v/x" },
    {
      metrics: "grpc http://c:4317/",
      traces: "http/protobuf http://v/x",
    },
  ],
  [
    "a protocol",
    {},
    { [all]: "v:4317", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
    { traces: "grpc http://v:4317/" },
  ],
  ["no traces", { collectorUri: uri }, { OTEL_TRACES_EXPORTER: "none" }, {}],
  ["traces on the console", {}, { OTEL_TRACES_EXPORTER: "console" }, { traces: "console" }],
  [
    "several exporters",
    { collectorUri: uri },
    { OTEL_TRACES_EXPORTER: "otlp, console" },
    { traces: "grpc http://c:4317/,console" },
  ],
  [
    "JSON",
    {},
    { [all]: "http://v", OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/json" },
    { traces: "http/json http://v/v1/traces" },
  ],
  [
    "traces to the default place",
    {},
    { OTEL_TRACES_EXPORTER: "otlp" },
    {
      traces: "http/protobuf http://localhost:4318/v1/traces",
    },
  ],
  [
    "metrics by a variable",
    { collectorUri: uri },
    { OTEL_METRICS_EXPORTER: "otlp" },
    {
      metrics: "grpc http://c:4317/",
      traces: "grpc http://c:4317/",
    },
  ],
  [
    "metrics kept by a variable",
    otel,
    { OTEL_METRICS_EXPORTER: "prometheus" },
    { traces: "grpc http://c:4317/" },
  ],
  ["an unknown exporter", { collectorUri: uri }, { OTEL_TRACES_EXPORTER: "zipkin" }, {}],
  ["the SDK disabled", otel, { OTEL_SDK_DISABLED: "true" }, {}],
])("%s", (_, options, environment, expected) => {
  expect(destinations(options, environment)).toEqual(expected);
});

describe("warnings", () => {
  test.each<[string, Partial<OtelOptions>, Record<string, string>]>([
    ["--metrics-exporter otel has no effect", { metricsExporter: "otel" }, {}],
    ["OTEL_TRACES_EXPORTER: unknown exporter", {}, { OTEL_TRACES_EXPORTER: "zipkin" }],
    ["OTEL_BSP_SCHEDULE_DELAY ignored", otel, { OTEL_BSP_SCHEDULE_DELAY: "soon" }],
    ["OTEL_TRACES_SAMPLER ignored", otel, { OTEL_TRACES_SAMPLER: "sometimes" }],
    ["OTEL_EXPORTER_OTLP_PROTOCOL ignored", otel, { OTEL_EXPORTER_OTLP_PROTOCOL: "carrier" }],
    ['OTEL_LOGS_EXPORTER="console" has no effect', {}, { OTEL_LOGS_EXPORTER: "console" }],
    ['OTEL_PROPAGATORS="b3" has no effect', {}, { OTEL_PROPAGATORS: "b3" }],
    [
      "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION ignored",
      {},
      {
        OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION:
          "base2_exponential_bucket_histogram",
      },
    ],
  ])("%s", (expected, options, environment) => {
    expect(read(options, environment).warnings.join()).toContain(expected);
  });

  test.each([
    "secret",
    "=secret",
    "a b=secret",
    "a=secret%0A",
    "a-bin=secret",
    "a=%C3%A9secret",
    "a=secret%",
  ])("never repeat a header that cannot be sent: %s", (header) => {
    const { metrics, warnings } = read(otel, { OTEL_EXPORTER_OTLP_HEADERS: `${header},ok=1` });
    expect(metrics).toMatchObject({ to: [{ headers: { ok: "1" } }] });
    expect(JSON.stringify({ metrics, warnings })).not.toContain("secret");
    expect(warnings[0]).toStartWith("OTEL_EXPORTER_OTLP_HEADERS: an entry that is not a header");
  });
});

test.each<[string, Partial<OtelOptions>]>([
  ["--otel-collector-uri", { collectorUri: "http://" }],
  ["--otel-collector-uri", { collectorUri: "ftp://c" }],
  ["--otel-key-path", { collectorUri: uri, certPath: "c" }],
])("an unusable %s is refused by its name", (name, options) => {
  expect(() => read(options)).toThrow(ConfigError);
  expect(() => read(options)).toThrow(name);
});

test("headers, sampling and times come from OpenTelemetry's variables", () => {
  const { metrics, traces } = read(otel, {
    OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Bearer%20x, tenant=a",
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: "tenant=b",
    OTEL_EXPORTER_OTLP_TIMEOUT: "1500",
    OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    OTEL_METRIC_EXPORT_INTERVAL: "100",
    OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "0.25",
    OTEL_BSP_MAX_QUEUE_SIZE: "9",
    OTEL_BSP_EXPORT_TIMEOUT: "700",
    OTEL_METRIC_EXPORT_TIMEOUT: "90",
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "Delta",
    OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "50",
  });
  expect(metrics).toMatchObject({
    intervalMs: 100,
    timeoutMs: 90,
    temporality: "delta",
    to: [{ headers: { authorization: "Bearer x", tenant: "a" }, timeoutMs: 1500, gzip: true }],
  });
  expect(traces).toMatchObject({
    to: [{ headers: { authorization: "Bearer x", tenant: "b" } }],
    sampler: { parentBased: true, ratio: 0.25 },
    queueSize: 9,
    batchSize: 512,
    delayMs: 5000,
    timeoutMs: 700,
    maxAttributeLength: 50,
  });
});

test("metrics are served as if nothing were sent, if prometheus is named beside what sends them", () => {
  const served = (names: string) => read(otel, { OTEL_METRICS_EXPORTER: names }).metrics?.served;
  expect([served("otlp"), served("otlp,prometheus")]).toEqual([false, true]);
});
