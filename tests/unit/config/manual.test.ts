import { describe, expect, test } from "bun:test";
import { parseArguments } from "../../../src/config/argv.ts";
import { commands, manualOf } from "../../../src/config/manual/commands.ts";
import { bashCompletion } from "../../../src/config/manual/completion/bash.ts";
import { fishCompletion } from "../../../src/config/manual/completion/fish.ts";
import { zshCompletion } from "../../../src/config/manual/completion/zsh.ts";
import { commandHelp, overview } from "../../../src/config/manual/help.ts";
import { commandLineReference } from "../../../src/config/manual/markdown.ts";
import { listSettings } from "../../../src/config/manual/source-settings.ts";
import { environmentName } from "../../../src/config/options/option.ts";
import { startOptions } from "../../../src/config/options/start.ts";

test("docs/reference/command-line.md is what the option table says (scripts/generate-docs.ts)", async () => {
  const page = Bun.file(`${import.meta.dir}/../../../docs/reference/command-line.md`);
  expect(await page.text()).toBe(commandLineReference(commands));
});

describe("help", () => {
  const serving = commands.filter(({ options }) => "strict" in options);

  test.each(serving)("of $name has every option, its variable and its short form", (manual) => {
    const help = commandHelp(manual);
    for (const [name, { short, flagOnly }] of Object.entries(manual.options)) {
      expect(help).toContain(`${short ? `-${short}, ` : "    "}--${name}`);
      if (!flagOnly) expect(help.replace(/\s+/g, " ")).toContain(environmentName(name));
    }
  });

  test.each(serving)("of $name fits a terminal, but for examples", (manual) => {
    const [, options = ""] = commandHelp(manual).split("\nFlag sources:\n");
    for (const line of options.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });

  test("of start has the settings of all kinds of sources; that of redis-sync, which takes none, has not", () => {
    for (const { name, doc } of listSettings()) {
      expect(commandHelp(manualOf("start"))).toMatch(new RegExp(`^  ${name} <`, "m"));
      expect(commandHelp(manualOf("start")).replace(/\s+/g, " ")).toContain(doc);
      expect(commandHelp(manualOf("redis-sync"))).not.toMatch(new RegExp(`^  ${name} <`, "m"));
    }
  });

  test("lists every command", () => {
    for (const { name, summary } of commands) {
      expect(overview(commands)).toMatch(new RegExp(`^  ${name} +${summary}$`, "m"));
    }
  });
});

const examples = commands.flatMap((manual) => manual.examples.map(({ command }) => command));

test.each(examples.filter((command) => !command.includes("completion")))(
  "%s is a command line that flagd takes",
  (command) => {
    const words = command.match(/'[^']*'|\S+/g)?.map((word) => word.replaceAll("'", "")) ?? [];
    const [name = "", ...args] = words.slice(words.indexOf("flagd") + 1);
    expect(parseArguments(args, manualOf(name).options).positional).toEqual([]);
  },
);

describe("shell completion", () => {
  const complete = (...words: string[]) => {
    const script = `${bashCompletion(commands)}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}
_flagd; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = Bun.spawnSync(["bash", "--norc", "-c", script]);
    expect(stderr.toString()).toBe("");
    return stdout.toString().trim().split("\n");
  };

  test.each<[string[], string[]]>([
    [["flagd", "st"], ["start"]],
    [["flagd", "start", "--log-f"], ["--log-format"]],
    [
      ["flagd", "start", "--log-format", ""],
      ["console", "json"],
    ],
    [["flagd", "start", "-z", "j"], ["json"]],
    [["flagd", "completion", "z"], ["zsh"]],
    [
      ["flagd", "start", "--config", "/etc/host"],
      ["/etc/hostname", "/etc/hosts"],
    ],
  ])("bash: %j", (words, expected) => {
    expect(complete(...words)).toEqual(expect.arrayContaining(expected));
  });

  test.each<[string, string, (name: string) => string]>([
    ["zsh", zshCompletion(commands), (name) => `--${name}`],
    ["fish", fishCompletion(commands), (name) => `-l ${name} `],
  ])("%s knows every option, and quotes what it says of them", (_, script, form) => {
    for (const name of Object.keys(startOptions)) expect(script).toContain(form(name));
    for (const line of script.split("\n")) expect(line.split("'").length % 2).toBe(1);
  });
});
