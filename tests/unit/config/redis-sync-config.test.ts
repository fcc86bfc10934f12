import { describe, expect, test } from "bun:test";
import { readRedisSyncConfig } from "../../../src/config/redis-sync-config.ts";
import { ConfigError } from "../../../src/core/errors.ts";

const uri = ["--redis-uri", "redis://h/0?key=f"];
const read = (args: readonly string[], environment = {}) => readRedisSyncConfig(args, environment);

test("a Redis URI is enough, the rest has defaults", async () => {
  expect(await read(uri)).toEqual({
    logLevel: "info",
    logFormat: "console",
    configFile: undefined,
    warnings: [],
    strict: false,
    stateDir: undefined,
    tokensPath: undefined,
    contextValues: {},
    sync: {
      address: { port: 8016 },
      tls: undefined,
      disableMetadata: false,
      stallTimeoutMs: 30_000,
      keepAlive: { minTimeMs: 30_000, permitWithoutStream: true },
    },
    streamDeadlineMs: 0,
    shutdownGraceMs: 10_000,
    page: "auto",
    source: { provider: "redis", uri: "redis://h/0?key=f", interval: 30, tls: false, watch: true },
    settingNames: [
      {
        options: {
          certPath: "--redis-cert-path",
          clientCertPath: "--redis-client-cert-path",
          clientKeyPath: "--redis-client-key-path",
          serverName: "--redis-server-name",
        },
      },
    ],
    management: { port: 8017 },
    notify: undefined,
    telemetry: {},
  });
});

test("every option of its own has an effect", async () => {
  const args =
    "--redis-uri rediss://h/0?key=f --redis-interval 5 --redis-watch=false --redis-cert-path ca " +
    "--redis-client-cert-path c --redis-client-key-path k --redis-server-name n " +
    "--redis-sync-socket-path /s --redis-sync-cert-path sc --redis-sync-key-path sk " +
    "--redis-sync-client-ca-path sca --redis-log-format json --management-port 0";
  expect(await read(args.split(" "))).toMatchObject({
    logFormat: "json",
    management: undefined,
    source: {
      provider: "redis",
      uri: "rediss://h/0?key=f",
      interval: 5,
      watch: false,
      certPath: "ca",
      clientCertPath: "c",
      clientKeyPath: "k",
      serverName: "n",
    },
    sync: {
      address: { socketPath: "/s" },
      tls: {
        certPath: "sc",
        keyPath: "sk",
        clientCaPath: "sca",
        names: {
          certPath: "--redis-sync-cert-path",
          keyPath: "--redis-sync-key-path",
          clientCaPath: "--redis-sync-client-ca-path",
        },
      },
    },
  });
});

test("variables are named FLAGD_REDIS_…", async () => {
  const environment = {
    FLAGD_REDIS_URI: "redis://h/0?key=f",
    FLAGD_REDIS_INTERVAL: "7",
    FLAGD_REDIS_SYNC_PORT: "9016",
  };
  expect(await read([], environment)).toMatchObject({
    source: { uri: "redis://h/0?key=f", interval: 7 },
    sync: { address: { port: 9016 } },
  });
});

describe("refused", () => {
  test.each<[string[], string]>([
    [
      [],
      "--redis-uri is missing: set it, for example --redis-uri 'redis://localhost:6379/0?key=flags'",
    ],
    [
      [...uri, "--redis-interval", "0"],
      'invalid value for --redis-interval: "0" is not a whole number from 1 to 86400',
    ],
    [
      [...uri, "--redis-cert-path", "ca"],
      "--redis-uri: TLS requires a uri that starts with rediss://",
    ],
    [
      [...uri, "--redis-client-key-path", "k"],
      "--redis-client-key-path is set without --redis-client-cert-path: TLS requires both",
    ],
    [
      [...uri, "--redis-sync-key-path", "k"],
      "--redis-sync-key-path is set without --redis-sync-cert-path: TLS requires both",
    ],
    [
      [...uri, "--redis-sync-client-ca-path", "ca"],
      "--redis-sync-client-ca-path requires --redis-sync-cert-path and --redis-sync-key-path: there are no client certificates without TLS",
    ],
    [
      [...uri, "--management-port", "8016"],
      "--redis-sync-port and --management-port are both 8016",
    ],
    [
      [...uri, "--uri", "file:a"],
      "unknown option --uri (did you mean --redis-uri or --otel-collector-uri?)",
    ],
    [
      ["--redis-uri", "redis://:pw@h?key=a,redis://:pw@h?key=b"],
      "--redis-uri: this URI contains a second one: redis-sync reads one key of one server; percent-encode characters that belong to the URI (a comma as %2C)",
    ],
  ])("%j", async (args, message) => {
    await expect(read(args)).rejects.toThrow(new ConfigError(message));
  });
});

test("white space around texts from variables is cut", async () => {
  const environment = { FLAGD_REDIS_URI: " redis://h/0?key=f\n", FLAGD_REDIS_SERVER_NAME: "" };
  expect(await read([], environment)).toMatchObject({ source: { uri: "redis://h/0?key=f" } });
  expect(await read(["--redis-uri", "redis://h/0?key=f\n"])).toMatchObject({
    source: { uri: "redis://h/0?key=f" },
  });
});

describe("user and password beside the URI", () => {
  test("come from variables and files", async () => {
    const environment = { FLAGD_REDIS_USERNAME: "u\n", FLAGD_REDIS_PASSWORD: "pw\n" };
    expect(await read(uri, environment)).toMatchObject({
      source: { uri: "redis://h/0?key=f", username: "u", password: "pw" },
    });
    expect(await read([...uri, "--redis-password-file", "/pw"])).toMatchObject({
      source: { passwordFile: "/pw" },
    });
  });

  test("leave a URI that has a password alone", async () => {
    const environment = { FLAGD_REDIS_PASSWORD: "other" };
    const { source } = (await read(["--redis-uri", "redis://pw@h?key=f"], environment)) ?? {};
    expect(source).not.toHaveProperty("password");
  });

  test("do not stand on the command line, and not twice", async () => {
    await expect(read([...uri, "--redis-password", "pw"])).rejects.toThrow(
      "--redis-password would show a secret to everyone who can list processes: set FLAGD_REDIS_PASSWORD",
    );
    await expect(
      read([...uri, "--redis-password-file", "f"], { FLAGD_REDIS_PASSWORD: "pw" }),
    ).rejects.toThrow("set FLAGD_REDIS_PASSWORD or --redis-password-file, not both");
  });
});
