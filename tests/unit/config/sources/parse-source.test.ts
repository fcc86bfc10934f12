import { describe, expect, test } from "bun:test";
import { parseSource } from "../../../../src/config/sources/parse-source.ts";
import { sourceOfUri } from "../../../../src/config/sources/source-of-uri.ts";
import { ConfigError } from "../../../../src/core/errors.ts";
import type { SourceConfig } from "../../../../src/sources/source-table.ts";

function parse(value: unknown): { source: SourceConfig; warnings: string[] } {
  const warnings: string[] = [];
  const source = parseSource(value, "--sources[0]", (message) => warnings.push(message));
  return { source, warnings };
}

const ofUri = (uri: string) => parse(sourceOfUri(uri, "--uri")).source;
const grpc = {
  provider: "grpc",
  headers: {},
  tls: false,
  maxMsgSize: 4_194_304,
  incrementalUpdates: false,
} as const;
const http = { provider: "http", headers: {}, interval: 5 } as const;
const redis = { provider: "redis", interval: 30, tls: false, watch: true } as const;

describe("--uri", () => {
  test.each<[string, SourceConfig]>([
    ["file:flags.json", { provider: "file", uri: "flags.json" }],
    ["file:/etc/flags.yaml", { provider: "file", uri: "/etc/flags.yaml" }],
    ["core.openfeature.dev/ns/name", { provider: "kubernetes", uri: "ns/name" }],
    ["http://h/flags", { ...http, uri: "http://h/flags" }],
    ["https://h/flags?a=1", { ...http, uri: "https://h/flags?a=1" }],
    ["grpc://h:8015", { ...grpc, uri: "h:8015" }],
    ["grpcs://h:8015", { ...grpc, uri: "h:8015", tls: true }],
    ["envoy://h:1/service", { ...grpc, uri: "envoy://h:1/service" }],
    ["dns:///h:1", { ...grpc, uri: "dns:///h:1" }],
    ["unix:/run/sync.sock", { ...grpc, uri: "unix:/run/sync.sock" }],
    ["gs://b/o.json", { provider: "gcs", uri: "gs://b/o.json", interval: 5 }],
    ["azblob://b/o.json", { provider: "azblob", uri: "azblob://b/o.json", interval: 5 }],
    ["s3://b/o?region=x", { provider: "s3", uri: "s3://b/o?region=x", interval: 5 }],
    ["redis://:pw@h:6379/0?key=f", { ...redis, uri: "redis://:pw@h:6379/0?key=f" }],
    ["rediss://h/0?key=f", { ...redis, uri: "rediss://h/0?key=f" }],
    ["redis+unix:///s?key=f", { ...redis, uri: "redis+unix:///s?key=f" }],
    ["valkey://h?key=f", { ...redis, uri: "valkey://h?key=f" }],
  ])("%s", (uri, expected) => expect(ofUri(uri)).toEqual(expected));

  const prefixes =
    "is no URI of a source, which begins with 'redis://', 'file:', 'core.openfeature.dev/', 'http(s)://', 'grpc(s)://', 'gs://', 'azblob://' or 's3://'";
  test.each<[string, string]>([
    ["foo.json", `"foo.json" ${prefixes}; for a file, write "file:foo.json"`],
    ["./foo", `"./foo" ${prefixes}; for a file, write "file:./foo"`],
    ["gs://b", `"gs://b" ${prefixes}; expected gs://bucket/object`],
    ["s3://b/", `"s3://b/" ${prefixes}; expected s3://bucket/object`],
    ["reids://u:pw@h", `"reids://***@h" ${prefixes} (did you mean redis://?)`],
    ["pw@h", `"***@h" ${prefixes}; write a comma within a URI as %2C`],
    ["", `"" ${prefixes}`],
  ])("%j is refused", (uri, message) => {
    expect(() => ofUri(uri)).toThrow(new ConfigError(`--uri: ${message}`));
  });
});

test.each([
  "redis://:pw@h?key=a,redis://:pw@h?key=b",
  "redis://:pw@h?key=a;rediss://:pw@h?key=b",
  "redis://:pw@h?key=a redis://:pw@h?key=b",
  "http://u:pw@h/a,http://u:pw@h/b",
  "file:a.json,file:b.json",
])("%s is two URIs and therefore refused, without their passwords", (uri) => {
  expect(() => ofUri(uri)).toThrow(/: this URI contains a second one: separate URIs by commas/);
  expect(() => ofUri(uri)).not.toThrow("pw");
});

describe("--sources", () => {
  test.each<[string, object, SourceConfig]>([
    [
      "a file: prefix is dropped",
      { provider: "file", uri: "file:a.json" },
      { provider: "file", uri: "a.json" },
    ],
    [
      "the aliases of file stay",
      { provider: "fsnotify", uri: "a" },
      { provider: "fsnotify", uri: "a" },
    ],
    [
      "setting names match in any case",
      {
        URI: "http://h",
        Provider: "http",
        TIMEOUTS: 3,
        Interval: 7,
        OAuth: { tokenURL: "http://t", clientid: "a", CLIENTSECRET: "b", ReloadDelayS: 9 },
      },
      {
        ...http,
        uri: "http://h",
        timeoutS: 3,
        interval: 7,
        oauth: { tokenUrl: "http://t", clientID: "a", clientSecret: "b", reloadDelayS: 9 },
      },
    ],
    [
      "every setting of redis",
      {
        provider: "redis",
        uri: "rediss://h?key=f",
        interval: 10,
        intervalSeed: "s",
        certPath: "ca",
        clientCertPath: "c",
        clientKeyPath: "k",
        serverName: "n",
        watch: false,
        tls: true,
      },
      {
        provider: "redis",
        uri: "rediss://h?key=f",
        interval: 10,
        intervalSeed: "s",
        certPath: "ca",
        clientCertPath: "c",
        clientKeyPath: "k",
        serverName: "n",
        watch: false,
        tls: true,
      },
    ],
    [
      "a scheme may be written in capitals",
      { provider: "redis", uri: "REDISS://h?key=f", serverName: "n" },
      { ...redis, uri: "REDISS://h?key=f", serverName: "n" },
    ],
    [
      "every setting of grpc",
      {
        provider: "grpc",
        uri: "h:1",
        certPath: "ca",
        tls: true,
        providerID: "p",
        selector: "flagSetId=x",
        maxMsgSize: 5,
        headers: { a: "b" },
        clientCertPath: "c",
        clientKeyPath: "k",
        incrementalUpdates: true,
      },
      {
        provider: "grpc",
        uri: "h:1",
        tls: true,
        certPath: "ca",
        clientCertPath: "c",
        clientKeyPath: "k",
        providerID: "p",
        selector: "flagSetId=x",
        maxMsgSize: 5,
        headers: { a: "b" },
        incrementalUpdates: true,
      },
    ],
    [
      "a CA turns TLS on for grpc",
      { provider: "grpc", uri: "h:1", certPath: "ca", tls: false },
      { ...grpc, uri: "h:1", tls: true, certPath: "ca" },
    ],
    [
      "interval 0 is the default",
      { provider: "http", uri: "http://h", interval: 0 },
      { ...http, uri: "http://h" },
    ],
    [
      "null is as good as absent",
      { provider: "http", uri: "http://h", authHeader: null },
      { ...http, uri: "http://h" },
    ],
    [
      "headers and authorization of http",
      { provider: "http", uri: "http://h", authHeader: "Bearer x", headers: { a: "b" } },
      { ...http, uri: "http://h", authHeader: "Bearer x", headers: { a: "b" } },
    ],
  ])("%s", (_, value, expected) => {
    const { source, warnings } = parse(value);
    expect(source).toEqual(expected);
    expect(warnings).toEqual([]);
  });

  test.each<[string, unknown, string]>([
    ["no object", "x", "expected an object"],
    ["no uri", { provider: "file" }, "uri is missing"],
    ["a slip of uri", { url: "a", provider: "file" }, 'uri is missing: write uri instead of "url"'],
    ["no provider", { uri: "a" }, "provider is missing"],
    [
      "no provider beside a URI that tells",
      { uri: "redis://h/0?key=f" },
      'provider is missing: write "provider":"redis"',
    ],
    [
      "a slip of provider",
      { uri: "a", providr: "file" },
      'provider is missing: write provider instead of "providr"',
    ],
    [
      "a URI of another provider",
      { uri: "redis://:hunter2@h/0?key=f", provider: "file" },
      'the uri "redis://***@h/0?…" is one of provider redis, not of file: write "provider":"redis"',
    ],
    [
      "a file for Redis",
      { uri: "file:flags.json", provider: "redis" },
      'the uri "file:flags.json" is one of provider file, not of redis: write "provider":"file"',
    ],
    [
      "a URI as provider",
      { uri: "a", provider: "redis://:hun/ter2@h/0?key=f" },
      'unknown provider "redis://***@h/0?…": expected',
    ],
    [
      "unknown provider",
      { uri: "a", provider: "reddis" },
      "unknown provider \"reddis\": expected 'redis', 'file', 'fsnotify', 'fileinfo', 'kubernetes', 'http', 'grpc', 'gcs', 'azblob' or 's3' (did you mean 'redis'?)",
    ],
    [
      "too long an interval",
      { uri: "a", provider: "http", interval: 86_401 },
      "86401s exceeds maximum 86400s",
    ],
    [
      "a negative interval",
      { uri: "a", provider: "http", interval: -1 },
      "expected a whole number of seconds, 0 or more",
    ],
    [
      "a text as interval",
      { uri: "a", provider: "http", interval: "5" },
      "expected a whole number of seconds, 0 or more",
    ],
    ["a number as selector", { uri: "a", provider: "grpc", selector: 1 }, "expected a string"],
    ["a text as switch", { uri: "a", provider: "grpc", tls: "true" }, "expected true or false"],
    [
      "a number as header",
      { uri: "a", provider: "http", headers: { a: 1 } },
      'the value of "a" is not a string',
    ],
    [
      "one half of a client certificate",
      { uri: "h:1", provider: "grpc", clientKeyPath: "k" },
      "clientCertPath and clientKeyPath must be set together",
    ],
    [
      "TLS on a plaintext scheme",
      { uri: "redis://h", provider: "redis", tls: true },
      "TLS requires a uri that starts with rediss://",
    ],
    [
      "a CA on a plaintext scheme",
      { uri: "redis://h", provider: "redis", certPath: "ca" },
      "TLS requires a uri that starts with rediss://",
    ],
    [
      "a server name on a plaintext scheme",
      { uri: "redis+unix:///s", provider: "redis", serverName: "n" },
      "TLS requires a uri that starts with rediss://",
    ],
    [
      "one half of a client certificate for redis",
      { uri: "rediss://h", provider: "redis", clientCertPath: "c" },
      "clientCertPath and clientKeyPath must be set together",
    ],
    [
      "OAuth without a token URL",
      { uri: "a", provider: "http", oauth: {} },
      "tokenUrl is a required field",
    ],
    [
      "OAuth without a client",
      { uri: "a", provider: "http", oauth: { tokenUrl: "t" } },
      "set clientID and clientSecret, or a folder that contains both",
    ],
  ])("%s is refused", (_, value, message) => {
    expect(() => parse(value)).toThrow(ConfigError);
    expect(() => parse(value)).toThrow(message);
    expect(() => parse(value)).toThrow("--sources[0]");
  });

  test.each<[object, string]>([
    [
      { providr: "file" },
      '--sources[0]: unknown setting "providr" ignored (did you mean provider?)',
    ],
    [{ nosuch: {} }, '--sources[0]: unknown setting "nosuch" ignored'],
    [{ selector: "x" }, "--sources[0]: selector has no effect on provider file"],
  ])("%j is ignored with a warning", (settings, warning) => {
    const { source, warnings } = parse({ uri: "a", provider: "file", ...settings });
    expect(source).toEqual({ provider: "file", uri: "a" });
    expect(warnings).toEqual([warning]);
  });
});
