import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../src/cli/run.ts";
import { commands } from "../../../src/config/manual/commands.ts";
import { commandHelp, overview } from "../../../src/config/manual/help.ts";

const flagd = (...args: string[]) => flagdWith({}, ...args);

async function flagdWith(environment: Record<string, string>, ...args: string[]) {
  let stdout = "";
  let stderr = "";
  const status = await run(args, {
    environment,
    print: async (text) => {
      stdout += text;
    },
    complain: async (text) => {
      stderr += text;
    },
  });
  return { status, stdout, stderr };
}

describe("status 0 and standard output", () => {
  const version = "flagd: dev (HEAD), built at: unknown\n";
  test.each<[string[], string]>([
    [[], overview(commands)],
    [["-h"], overview(commands)],
    [["--help"], overview(commands)],
    [["help"], overview(commands)],
    [["version"], version],
    [["--version"], version],
    [["-v"], version],
    [["version", "-o", "json"], '{"version":"dev","commit":"HEAD","date":"unknown"}\n'],
    [["-x", "version"], version],
    [["--config", "x.yaml", "version"], version],
    ...[["--port", "1"], ["--port=1"], ["-p", "1"], ["-p1"], ["-xp", "1"], ["-x", "--strict"]].map(
      (before): [string[], string] => [[...before, "start", "-h"], helpOf("start")],
    ),
    ...commands.map(({ name }): [string[], string] => [["help", name], helpOf(name)]),
    ...commands.map(({ name }): [string[], string] => [[name, "-h"], helpOf(name)]),
  ])("flagd %j", async (args, stdout) => {
    expect(await flagd(...args)).toEqual({ status: 0, stdout, stderr: "" });
  });

  test.each(["bash", "zsh", "fish"])("flagd completion %s", async (shell) => {
    const { status, stdout, stderr } = await flagd("completion", shell);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("management-port");
  });
});

describe("status 1, one line of what is wrong and one of what to do", () => {
  test.each<[string[], string, string]>([
    [["strat"], 'unknown command "strat" for "flagd" (did you mean start?)', "flagd help"],
    [["constructor"], 'unknown command "constructor" for "flagd"', "flagd help"],
    [
      ["help", "strat"],
      'unknown command "strat" for "flagd" (did you mean start?)',
      "flagd help --help",
    ],
    [["--nosuch"], "unknown option --nosuch", "flagd help"],
    [["--port", "1"], "unknown option --port", "flagd help"],
    [["--nosuch", "start"], "unknown option --nosuch", "flagd start --help"],
    [["-p", "1", "version"], "unknown option -p", "flagd version --help"],
    [
      ["version", "-o", "yaml"],
      'invalid value for --output: "yaml" is not "text" or "json"',
      "flagd version --help",
    ],
    [
      ["health", "--addr", "h"],
      '--addr: "h" is not host:port, such as localhost:8014',
      "flagd health --help",
    ],
    [["ready", "now"], 'unexpected argument "now": expected options only', "flagd ready --help"],
    [["version", "--nosuch"], "unknown option --nosuch", "flagd version --help"],
    [["completion"], "no shell named: expected bash, zsh, fish", "flagd completion --help"],
    [
      ["completion", "fsh"],
      'unknown shell "fsh": expected bash, zsh, fish (did you mean zsh?)',
      "flagd completion --help",
    ],
    [
      ["start", "--prot", "1"],
      "unknown option --prot (did you mean --port?)",
      "flagd start --help",
    ],
    [["-x", "start", "--port"], "--port needs a value: <port>", "flagd start --help"],
  ])("flagd %j", async (args, message, usage) => {
    const stderr = `Error: ${message}\nRun '${usage}' for usage.\n`;
    expect(await flagd(...args)).toEqual({ status: 1, stdout: "", stderr });
  });

  test("a mistake of ours is told as such, without the error's members", async () => {
    let stderr = "";
    const status = await run(["version"], {
      environment: {},
      print: () => Promise.reject(Object.assign(new Error("no redis://:hunter2@h"), { hunter: 2 })),
      complain: async (text) => {
        stderr += text;
      },
    });
    expect(status).toBe(1);
    expect(stderr).toStartWith(
      "Error: unexpected error; please report it: Error: no redis://***@h",
    );
    expect(stderr).not.toContain("hunter");
  });

  test("a password in what was mistyped is not repeated", async () => {
    const { stderr } = await flagd("start", "-uredis://user:hunter2@host/0");
    expect(stderr).toContain("unknown option -u");
    expect(stderr).not.toContain("hunter2");
  });
});

test("control characters in what was mistyped do not reach the terminal", async () => {
  const { stderr } = await flagd("start", "--a\x1b[2J\u202e\x9b");
  expect(stderr).toStartWith("Error: unknown option --a\\x1b[2J\\u202e\\x9b\n");
});

describe("who reads the log as JSON reads mistakes as JSON", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "flagd-run-"));
    writeFileSync(join(folder, "a.yaml"), "log-format: json\nredis-log-format: json\nprot: 1\n");
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each<[Record<string, string>, string[], string]>([
    [{}, ["start", "--log-format", "json", "--prot", "1"], "unknown option --prot"],
    [{}, ["start", "--prot", "1", "--log-format=json"], "unknown option --prot"],
    [{}, ["start", "-z", "json", "-f", "nosuch:"], "nosuch:"],
    [{}, ["start", "-xzjson", "foo"], "foo"],
    [{}, ["--log-format", "json", "strat"], 'unknown command "strat"'],
    [{}, ["redis-sync", "--redis-log-format", "json"], "--redis-uri is missing"],
    [{}, ["redis-sync", "--log-format", "json"], "did you mean --redis-log-format?"],
    [{ FLAGD_LOG_FORMAT: "json" }, ["start", "-p"], "-p needs a value: <port>"],
    [{ FLAGD_REDIS_LOG_FORMAT: "json" }, ["redis-sync"], "--redis-uri is missing"],
    [{}, ["start", "--config", "a.yaml"], "no flag source"],
    [{}, ["start", "--config=a.yaml", "--prot"], "unknown option --prot"],
    [{}, ["redis-sync", "--config", "a.yaml", "-q"], "unknown option -q"],
  ])("%j flagd %j", async (environment, args, message) => {
    const given = args.map((word) => word.replace("a.yaml", join(folder, "a.yaml")));
    const { status, stdout, stderr } = await flagdWith(environment, ...given);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toEndWith("}\n");
    expect(JSON.parse(stderr)).toMatchObject({
      level: "fatal",
      msg: expect.stringContaining(message),
    });
  });

  test.each<[Record<string, string>, string[]]>([
    [{ FLAGD_LOG_FORMAT: "json" }, ["redis-sync"]],
    [{ FLAGD_LOG_FORMAT: "json" }, ["start", "--log-format", "console"]],
    [{ FLAGD_LOG_FORMAT: "json" }, ["completion", "fsh"]],
    [{}, ["start", "--log-format", "jsn"]],
  ])("and nobody else: %j flagd %j", async (environment, args) => {
    expect((await flagdWith(environment, ...args)).stderr).toStartWith("Error: ");
  });
});

function helpOf(name: string): string {
  const manual = commands.find((command) => command.name === name);
  return manual ? commandHelp(manual) : "";
}
