import { describe, expect, test } from "bun:test";
import { run } from "../../../src/cli/run.ts";
import { commands } from "../../../src/config/manual/commands.ts";
import { commandHelp, overview } from "../../../src/config/manual/help.ts";

async function flagd(...args: string[]) {
  let stdout = "";
  let stderr = "";
  const status = await run(args, {
    environment: {},
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
    [["--nosuch"], "unknown flag: --nosuch", "flagd help"],
    [["--port", "1"], "unknown flag: --port", "flagd help"],
    [["--nosuch", "start"], "unknown flag: --nosuch", "flagd start --help"],
    [["-p", "1", "version"], "unknown shorthand flag: 'p'", "flagd version --help"],
    [["version", "--nosuch"], "unknown flag: --nosuch", "flagd version --help"],
    [["completion"], "no shell named: expected bash, zsh, fish", "flagd completion --help"],
    [
      ["completion", "fsh"],
      'unknown shell "fsh": expected bash, zsh, fish (did you mean zsh?)',
      "flagd completion --help",
    ],
    [["start", "--prot", "1"], "unknown flag: --prot (did you mean --port?)", "flagd start --help"],
    [["-x", "start", "--port"], "flag needs an argument: --port", "flagd start --help"],
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
    expect(stderr).toContain("unknown shorthand flag: 'u'");
    expect(stderr).not.toContain("hunter2");
  });
});

function helpOf(name: string): string {
  const manual = commands.find((command) => command.name === name);
  return manual ? commandHelp(manual) : "";
}
