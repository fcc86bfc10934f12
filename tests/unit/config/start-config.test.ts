import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readStartConfig, type StartConfig } from "../../../src/config/start-config.ts";
import { maxTimerMs } from "../../../src/core/clock.ts";
import { ConfigError } from "../../../src/core/errors.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "flagd-config-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const source = ["-f", "file:flags.json"];
const certificates = {
  certPath: "cert",
  keyPath: "key",
  names: { certPath: "--server-cert-path", keyPath: "--server-key-path" },
};
let files = 0;

async function write(text: string, extension = ".yaml", home = folder): Promise<string> {
  const path = join(home, `${files++}${extension}`);
  await Bun.write(path, text);
  return path;
}

async function read(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<StartConfig> {
  const config = await readStartConfig(args, environment);
  if (!config) throw new Error("help was asked for");
  return config;
}

/** Refused with exactly this message. */
async function refused(message: string, args: readonly string[], environment = {}): Promise<void> {
  await expect(readStartConfig(args, environment)).rejects.toThrow(new ConfigError(message));
}

test("one source is enough, the rest has defaults", async () => {
  expect(await read(source)).toEqual({
    logLevel: "info",
    logFormat: "console",
    configFile: undefined,
    warnings: [],
    strict: false,
    stateDir: undefined,
    tokensPath: undefined,
    contextValues: {},
    sync: {
      address: { port: 8015 },
      tls: undefined,
      disableMetadata: false,
      stallTimeoutMs: 30_000,
      keepAlive: { minTimeMs: 30_000, permitWithoutStream: true },
    },
    streamDeadlineMs: 0,
    shutdownGraceMs: 10_000,
    page: "auto",
    sources: [{ provider: "file", uri: "flags.json" }],
    settingNames: [{ place: "--sources" }],
    evaluation: { address: { port: 8013 }, tls: undefined },
    ofrep: { address: { port: 8014 }, tls: "optional", events: undefined },
    management: { port: 8014 },
    fractional: "v2",
    contextFromHeader: new Map(),
    corsOrigins: [],
    maxRequestBody: 1_000_000,
    maxRequestHeader: 1_000_000,
    workers: 1,
    notify: undefined,
    telemetry: {},
  });
});

test("every option has an effect", async () => {
  const collector = {
    protocol: "grpc",
    url: "https://h:4317/",
    headers: {},
    timeoutMs: 10_000,
    gzip: false,
    files: { caPath: "otca", certPath: "otc", keyPath: "otk" },
    reloadIntervalMs: 300_000,
  } as const;
  const args =
    "-x -p 1 -m 2 -r 3 -g 4 -c cert -k key -C a,b -z json -t otel -o h:4317 -D otc -K otk -A otca -I 5m " +
    "-X a=b -X c=d -H X-User=userId --stream-deadline 5s --disable-sync-metadata -B -5 -R 0 --strict " +
    "--keep-alive-min-time 1s --keep-alive-permit-without-stream=false --ofrep-tls=false " +
    "--sync-stall-timeout 2s --shutdown-grace 3s";
  expect(await read([...args.split(" "), ...source])).toEqual({
    logLevel: "debug",
    logFormat: "json",
    configFile: undefined,
    warnings: [],
    strict: true,
    stateDir: undefined,
    tokensPath: undefined,
    contextValues: { a: "b", c: "d" },
    sync: {
      address: { port: 4 },
      tls: certificates,
      disableMetadata: true,
      stallTimeoutMs: 2000,
      keepAlive: { minTimeMs: 1000, permitWithoutStream: false },
    },
    streamDeadlineMs: 5000,
    shutdownGraceMs: 3000,
    page: "auto",
    sources: [{ provider: "file", uri: "flags.json" }],
    settingNames: [{ place: "--sources" }],
    evaluation: { address: { port: 1 }, tls: certificates },
    ofrep: { address: { port: 3 }, tls: "off", events: undefined },
    management: { port: 2 },
    fractional: "v2",
    contextFromHeader: new Map([["x-user", "userId"]]),
    corsOrigins: ["a", "b"],
    maxRequestBody: -5,
    maxRequestHeader: 0,
    workers: 1,
    notify: undefined,
    telemetry: {
      metrics: {
        to: [collector],
        served: false,
        intervalMs: 60_000,
        timeoutMs: 30_000,
        temporality: "cumulative",
      },
      traces: {
        to: [collector],
        sampler: { parentBased: false, ratio: 1 },
        delayMs: 5_000,
        queueSize: 2_048,
        batchSize: 512,
        timeoutMs: 30_000,
        maxAttributeLength: Number.POSITIVE_INFINITY,
      },
    },
  });
});

test("socket paths take the place of ports", async () => {
  const config = await read([..."-d /a -e /b -c cert -k key".split(" "), ...source]);
  expect(config.evaluation.address).toEqual({ socketPath: "/a" });
  expect(config.sync.address).toEqual({ socketPath: "/b" });
});

test.each([
  ["optional", "optional"],
  ["true", "optional"],
  ["required", "required"],
  ["off", "off"],
  ["false", "off"],
] as const)("--ofrep-tls %s is %s", async (word, tls) => {
  const config = await read([..."-c cert -k key --ofrep-tls".split(" "), word, ...source]);
  expect(config.ofrep.tls).toBe(tls);
});

test("OFREP over TLS alone requires a certificate", async () => {
  await expect(read(["--ofrep-tls=required", ...source])).rejects.toThrow(
    "--ofrep-tls=required requires --server-cert-path and --server-key-path",
  );
});

test("event streams of OFREP are there if they are asked for", async () => {
  const words = "--ofrep-sse --ofrep-sse-window 2s --ofrep-sse-streams 7".split(" ");
  const config = await read([...words, ...source]);
  expect(config.ofrep.events).toEqual({ jitterMs: 2_000, maxStreams: 7 });
});

test("sources of --sources come after those of --uri, whatever the order of the arguments", async () => {
  const sources = JSON.stringify([{ provider: "file", uri: "c" }]);
  const config = await read(["-s", sources, "-f", "file:a,file:b"]);
  expect(config.sources.map(({ uri }) => uri)).toEqual(["a", "b", "c"]);
});

const none =
  "no flag source: name one, for example --uri 'redis://localhost:6379/0?key=flags' or --uri file:flags.json";

describe("precedence", () => {
  test("command line before environment before file before default", async () => {
    const file = await write("port: 1\nsync-port: 1111\nofrep-port: 3\nuri: file:x\n");
    const environment = { FLAGD_PORT: "11", FLAGD_SYNC_PORT: "12", FLAGD_URI: "file:a file:b" };
    const config = await read(["--config", file, "-p", "21"], environment);
    expect(config.evaluation.address).toEqual({ port: 21 });
    expect(config.sync.address).toEqual({ port: 12 });
    expect(config.ofrep.address).toEqual({ port: 3 });
    expect(config.management).toEqual({ port: 8014 });
    expect(config.sources.map(({ uri }) => uri)).toEqual(["a", "b"]);
    expect(config.configFile).toBe(file);
  });

  test("--sources on the command line wins over those of the file", async () => {
    const file = await write("sources:\n  - {uri: a, provider: file}\n");
    const args = ["--config", file, "-s", '[{"uri":"b","provider":"file"}]'];
    expect((await read(args)).sources).toEqual([{ provider: "file", uri: "b" }]);
  });

  test("an empty variable is as good as none, FLAGD_CONFIG is none of ours", async () => {
    const environment = { FLAGD_PORT: "", FLAGD_CONFIG: "/nonexistent" };
    expect((await read(source, environment)).evaluation.address).toEqual({ port: 8013 });
  });

  test("a variable that Kubernetes makes for a Service named flagd is no port", async () => {
    const config = await read(source, { FLAGD_PORT: "tcp://10.0.0.1:8013" });
    expect(config.evaluation.address).toEqual({ port: 8013 });
    expect(config.warnings).toEqual([
      "FLAGD_PORT is ignored: Kubernetes sets it for a Service of that name",
    ]);
  });

  test("a variable that is nearly an option's is named, and nobody else's", async () => {
    const { warnings } = await read(source, {
      FLAGD_PROT: "1",
      FLAGD_SYCN_PORT: "2",
      FLAGD_REDIS_INTERVAL: "3",
      FLAGD_RESOLVER: "rpc",
      FLAGD_SYNC_SERVICE_PORT: "8015",
      FLAGD_SYCN_PORT_8015_TCP_ADDR: "10.0.0.1",
      FLAGD_PORTS: "tcp://10.0.0.1:8013",
    });
    expect(warnings).toEqual([
      "unknown variable FLAGD_PROT ignored (did you mean FLAGD_PORT?)",
      "unknown variable FLAGD_SYCN_PORT ignored (did you mean FLAGD_SYNC_PORT?)",
    ]);
  });
});

describe("the environment", () => {
  test("holds lists and maps in its own forms", async () => {
    const config = await read(source, {
      FLAGD_CORS_ORIGIN: "http://a http://b,c",
      FLAGD_CONTEXT_VALUE: '{"userTier":"gold"}',
      FLAGD_CONTEXT_FROM_HEADER: '{"X-User":"userId"}',
      FLAGD_SOURCES: '[{"uri":"b","provider":"file"}]',
      FLAGD_DEBUG: "true",
    });
    expect(config.corsOrigins).toEqual(["http://a", "http://b,c"]);
    expect(config.contextValues).toEqual({ userTier: "gold" });
    expect(config.contextFromHeader).toEqual(new Map([["x-user", "userId"]]));
    expect(config.sources.map(({ uri }) => uri)).toEqual(["flags.json", "b"]);
    expect(config.logLevel).toBe("debug");
  });

  test.each<[Record<string, string>, string]>([
    [{ FLAGD_PORT: "abc" }, 'FLAGD_PORT: "abc" is not a whole number from 0 to 65535'],
    [
      { FLAGD_CONTEXT_VALUE: "{region:eu}" },
      "FLAGD_CONTEXT_VALUE: the shell removed the quotes: write FLAGD_CONTEXT_VALUE='{…}'",
    ],
    [{ FLAGD_DEBUG: "maybe" }, 'FLAGD_DEBUG: "maybe" is neither true nor false'],
    [
      { FLAGD_STREAM_DEADLINE: "5" },
      'FLAGD_STREAM_DEADLINE: missing unit in duration "5": write 5s, 5ms or 5m',
    ],
    [
      { FLAGD_CONTEXT_VALUE: "a=b" },
      'FLAGD_CONTEXT_VALUE: expected a JSON object, like {"key":"value"}; not valid JSON at line 1, column 1: expected a value',
    ],
    [
      { FLAGD_SOURCES: "[{" },
      'FLAGD_SOURCES: expected an array of source objects; not valid JSON at line 1, column 3: unexpected end of the document, expected a member name in double quotes or "}"',
    ],
  ])("%j is refused", (environment, message) =>
    refused(`invalid value for ${message}`, source, environment),
  );
});

describe("the configuration file", () => {
  test("may be YAML or JSON, its keys in any case", async () => {
    const yaml = await write("\uFEFFPORT: 7206\nlog-format: json\nuri: [file:a, file:b]\n");
    const json = await write('{"Port":7206,"log-format":"json","uri":"file:a file:b"}', ".json");
    for (const file of [yaml, json]) {
      const config = await read(["--config", file]);
      expect(config.evaluation.address).toEqual({ port: 7206 });
      expect(config.logFormat).toBe("json");
      expect(config.sources.map(({ uri }) => uri)).toEqual(["a", "b"]);
    }
  });

  test("lower-cases the keys of context values, and says so", async () => {
    const file = await write("uri: file:a\ncontext-value: {userTier: gold, level: 3}\n");
    const config = await read(["--config", file]);
    expect(config.contextValues).toEqual({ usertier: "gold", level: "3" });
    expect(config.warnings).toEqual([
      `${file}: context-value: key "userTier" is read as "usertier"; use -X or FLAGD_CONTEXT_VALUE to keep its case`,
    ]);
  });

  test("may hold the options of other commands; what is unknown is named", async () => {
    const file = await write("uri: file:a\nredis-interval: 5\nlog-formt: json\nconfig: x\n");
    expect((await read(["--config", file])).warnings).toEqual([
      `unknown key "log-formt" in ${file} ignored (did you mean log-format?)`,
      `unknown key "config" in ${file} ignored`,
    ]);
  });

  test("that is empty has no options", async () => {
    expect((await read(["--config", await write(""), ...source])).warnings).toEqual([]);
  });

  test("in YAML has the numbers that Go reads; a date is text, with a warning", async () => {
    const path = await write(
      "port: 0x1C20\nsync-port: 7_201\nuri: [file:a]\ncontext-value: {mode: 0644, day: 2024-01-02}\n",
    );
    const config = await read(["--config", path]);
    expect(config.evaluation.address).toEqual({ port: 7200 });
    expect(config.sync.address).toEqual({ port: 7201 });
    expect(config.contextValues).toEqual({ mode: "420", day: "2024-01-02" });
    expect(config.warnings).toEqual([
      `${path}: context-value.day: the date 2024-01-02 is read as text: write it in quotes`,
    ]);
  });

  test("is $HOME/.agent.yaml, or $HOME/.agent, if none is named", async () => {
    const home = mkdtempSync(join(folder, "home-"));
    await Bun.write(join(home, ".agent"), "port: 1\n");
    const environment = { HOME: home };
    expect((await read(source, environment)).evaluation.address).toEqual({ port: 1 });
    await Bun.write(join(home, ".agent.yaml"), "port: 2\n");
    const config = await read(source, environment);
    expect(config.evaluation.address).toEqual({ port: 2 });
    expect(config.configFile).toBe(join(home, ".agent.yaml"));
  });

  test("that nobody named is not missed: a folder of its name, a home that is not there", async () => {
    const home = mkdtempSync(join(folder, "home-"));
    mkdirSync(join(home, ".agent.yaml"));
    mkdirSync(join(home, ".agent"));
    for (const HOME of [home, join(home, "nowhere")]) {
      expect((await read(source, { HOME })).configFile).toBeUndefined();
    }
  });

  test("must exist, be YAML or JSON, and hold a mapping", async () => {
    const missing = join(folder, "missing.yaml");
    await refused(`--config ${missing}: no such file`, ["--config", missing]);
    await refused(`configuration file ${folder} cannot be read: it is a directory`, [
      "--config",
      folder,
    ]);
    const list = await write("- a\n");
    await refused(`configuration file ${list}: expected a mapping of option names to values`, [
      "--config",
      list,
    ]);
    const toml = await write("a = 1\n", ".toml");
    await refused(
      `configuration file ${toml}: unknown format ".toml", expected .yaml, .yml or .json`,
      ["--config", toml],
    );
  });

  test("that is malformed is refused without repeating its text", async () => {
    const json = await write('{"sources":[{"authHeader":hunter2}]}', ".json");
    const where = "not valid JSON at line 1, column 27: expected a value";
    await refused(`configuration file ${json}: ${where}`, ["--config", json]);
    const variable = { FLAGD_SOURCES: '[{"authHeader":hunter2}]' };
    await expect(read([], variable)).rejects.toThrow(
      new ConfigError(
        "invalid value for FLAGD_SOURCES: expected an array of source objects; not valid JSON at line 1, column 16: expected a value",
      ),
    );
    for (const [text, reason] of [
      ["uri: [1\nauthHeader: hunter2\n", /at line 2, column 1: Flow sequence in [^:]*$/],
      ['uri: "hunter2\n', /at line 2, column 1: Missing closing "quote$/],
      ["uri: *hunter2\n", /is not valid YAML: Unresolved alias [^:]*$/],
    ] as const) {
      const failure = read(["--config", await write(text)]);
      await expect(failure).rejects.toThrow(reason);
      await expect(failure).rejects.not.toThrow(/hunter2/);
    }
  });

  test("is named with the key of a wrong value", async () => {
    const file = await write("port: many\n");
    await refused(`invalid value for ${file}: port: "many" is not a whole number from 0 to 65535`, [
      "--config",
      file,
    ]);
    const sources = await write("sources:\n  - {uri: a, provider: http, interval: -1}\n");
    const misspelt = await write("urs: file:a\n");
    const unknown = `unknown key "urs" in ${misspelt} ignored (did you mean uri?)`;
    await refused(`${none}; ${unknown}`, ["--config", misspelt]);
    await refused(
      `${sources}: sources[0].interval: expected a whole number of seconds, 0 or more`,
      ["--config", sources],
    );
  });
});

describe("refused", () => {
  test.each<[string[], string]>([
    [[], none],
    [["-s", "[]"], none],
    [["foo", ...source], 'unexpected argument "foo": expected options only'],
    [
      ["-f", "file:a.json", "b.json"],
      'unexpected argument "b.json": each source needs an option of its own, as in -f "file:b.json"',
    ],
    [
      ["file:flags.json"],
      'unexpected argument "file:flags.json": each source needs an option of its own, as in -f "file:flags.json"',
    ],
    [
      ["redis://:hunter2@h/0?key=a"],
      'unexpected argument "redis://***@h/0?…": each source needs an option of its own, as in -f "redis://***@h/0?…"',
    ],
    [
      ["--strict", "false", ...source],
      'unexpected argument "false": a switch takes its value with "=", as in --debug=false',
    ],
    [
      ["-s", "[{uri:redis://:hunter2@h/0?key=f,provider:redis}]"],
      "invalid value for --sources: the shell removed the quotes: write --sources='[…]'",
    ],
    // What bash makes of unquoted JSON with a space, and with a comma within braces.
    [
      ["--sources=[{uri:", "a,", "provider:", "file}]"],
      "invalid value for --sources: the shell removed the quotes: write --sources='[…]'",
    ],
    [
      ["--sources=[uri:a]", "--sources=[provider:file]"],
      "invalid value for --sources: the shell removed the quotes: write --sources='[…]'",
    ],
    [
      ['--sources=\'[{"uri":"a"}]\''],
      "invalid value for --sources: the quotes around it are part of the value here: write --sources=[…]",
    ],
    [
      ["--sources=[{'uri':'a'}]"],
      "invalid value for --sources: JSON has double quotes: write --sources='[…]'",
    ],
    [["-s", "{}"], "invalid value for --sources: expected a JSON array of source objects"],
    [["-s", '[{"provider":"file"}]'], "--sources[0]: uri is missing"],
    [
      ["-c", "x", ...source],
      "--server-cert-path is set without --server-key-path: TLS requires both",
    ],
    [
      ["-k", "x", ...source],
      "--server-key-path is set without --server-cert-path: TLS requires both",
    ],
    [["-p", "8015", ...source], "--port and --sync-port are both 8015"],
    [["-m", "8015", ...source], "--sync-port and --management-port are both 8015"],
    [["-g", "0", "-p", "8014", ...source], "--port and --management-port are both 8014"],
    [["-d", "/s", "-e", "/s", ...source], "--socket-path and --sync-socket-path are both /s"],
    [
      ["--sync-stall-timeout", "0", ...source],
      'invalid value for --sync-stall-timeout: "0" is not greater than 0s',
    ],
    [
      ["-t", "otle", ...source],
      'invalid value for --metrics-exporter: "otle" is not "prometheus" or "otel" (did you mean "otel"?)',
    ],
  ])("%j", (args, message) => refused(message, args));

  test("port 0 may be given to several listeners", async () => {
    const config = await read(["-p", "0", "-g", "0", "-m", "0", "-r", "0", ...source]);
    expect(config.evaluation.address).toEqual({ port: 0 });
  });
});

test("times are never longer than a timer can wait, which would end at once", async () => {
  const names = ["stream-deadline", "shutdown-grace", "sync-stall-timeout", "ofrep-sse-window"];
  const sources = '[{"provider":"file","uri":"a"}]';
  const times = names.flatMap((name) => [`--${name}`, "1000h"]);
  const config = await read([...times, "--ofrep-sse", "-s", sources]);
  expect(config).toMatchObject({
    streamDeadlineMs: maxTimerMs,
    shutdownGraceMs: maxTimerMs,
    page: "auto",
    sync: { stallTimeoutMs: maxTimerMs },
    ofrep: { events: { jitterMs: maxTimerMs } },
  });
});

test("help is asked for before anything is checked", async () => {
  expect(await readStartConfig(["-p", "abc", "--help"], { FLAGD_PORT: "x" })).toBeUndefined();
});

describe("white space is cut if it cannot be meant", () => {
  const uri = "redis://localhost:6379/0?key=flags";

  test("around variables", async () => {
    const { sources, management, sync } = await read([], {
      FLAGD_URI: `${uri}\n`,
      FLAGD_MANAGEMENT_PORT: "9000\n",
      FLAGD_SYNC_SOCKET_PATH: " /run/s.sock\n",
    });
    expect(sources).toMatchObject([{ provider: "redis", uri }]);
    expect(management).toEqual({ port: 9000 });
    expect(sync.address).toEqual({ socketPath: "/run/s.sock" });
  });

  test("around texts of the configuration file", async () => {
    const file = await write(`uri: ["${uri}\\n"]\nsync-socket-path: "/run/s.sock\\n"\n`);
    const { sources, sync } = await read(["--config", file]);
    expect(sources).toMatchObject([{ uri }]);
    expect(sync.address).toEqual({ socketPath: "/run/s.sock" });
  });

  test("around settings of a source", async () => {
    const object = { provider: "http", uri: "http://h/f.json\n", authHeader: "Bearer t\n" };
    const { sources } = await read([
      "--sources",
      JSON.stringify([{ ...object, headers: { "X-Key": "k\n" } }]),
    ]);
    expect(sources).toMatchObject([
      { uri: "http://h/f.json", authHeader: "Bearer t", headers: { "X-Key": "k" } },
    ]);
  });

  test("around URIs of the command line", async () => {
    const { sources } = await read(["--uri", ` ${uri}, file:a.json\n`]);
    expect(sources).toMatchObject([{ uri }, { uri: "a.json" }]);
  });
});

test("commas between the hosts of a cluster or of Sentinels do not separate URIs", async () => {
  const uris = [
    "redis+cluster://u:pw@a:1,b:2,[::1]:3?key=k",
    "file:x.json",
    "rediss+sentinel://a,b/m?key=k",
    "redis://h?key=k",
  ];
  const { sources } = await read(["--uri", uris.join(",")]);
  expect(sources.map(({ uri }) => uri)).toEqual(uris.map((uri) => uri.replace(/^file:/, "")));
});

test("a unix: URI with a key is a Redis socket, one without is a gRPC target", async () => {
  const { sources } = await read([
    "--uri",
    "unix:///run/redis.sock?key=flags,unix:///run/grpc.sock",
  ]);
  expect(sources.map(({ provider }) => provider)).toEqual(["redis", "grpc"]);
});

test("FLAGD_REDIS_PASSWORD is for Redis sources without a password of their own", async () => {
  const { sources } = await read(["--uri", "redis://a?key=k,redis://pw@b?key=k,file:x"], {
    FLAGD_REDIS_PASSWORD: "secret",
  });
  expect(sources.map((source) => ("password" in source ? source.password : undefined))).toEqual([
    "secret",
    undefined,
    undefined,
  ]);
});
