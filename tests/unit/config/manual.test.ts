import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArguments } from "../../../src/config/argv.ts";
import { commands, manualOf } from "../../../src/config/manual/commands.ts";
import {
  bashCompletion,
  fishCompletion,
  zshCompletion,
} from "../../../src/config/manual/completion-scripts.ts";
import { commandHelp, overview } from "../../../src/config/manual/help.ts";
import { commandLineReference } from "../../../src/config/manual/markdown.ts";
import { listSettings } from "../../../src/config/manual/source-settings.ts";
import { environmentName } from "../../../src/config/options/option.ts";
import { startOptions } from "../../../src/config/options/start-options.ts";

test("docs/reference/command-line.md is what the option table says (scripts/generate-docs.ts)", async () => {
  const page = Bun.file(`${import.meta.dir}/../../../docs/reference/command-line.md`);
  expect(await page.text()).toBe(commandLineReference(commands));
});

describe("help", () => {
  const serving = commands.filter(({ options }) => "strict" in options);

  test.each(serving)("of $name has every option, its variable and its short form", (manual) => {
    const help = commandHelp(manual);
    for (const [name, { short, commandLineOnly }] of Object.entries(manual.options)) {
      expect(help).toContain(`${short ? `-${short}, ` : "    "}--${name}`);
      if (!commandLineOnly) expect(help.replace(/\s+/g, " ")).toContain(environmentName(name));
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

test.each(examples.filter((command) => !command.includes("flagd completion")))(
  "%s is a command line that flagd takes",
  (command) => {
    const [own = ""] = command.split(" > ");
    const words = own.match(/'[^']*'|\S+/g)?.map((word) => word.replaceAll("'", "")) ?? [];
    const [name = "", ...args] = words.slice(words.indexOf("flagd") + 1);
    const manual = manualOf(name);
    const { positional } = parseArguments(args, manual.options);
    if (manual.words) expect(manual.words).toContain(positional[0] ?? "");
    else expect(positional.length > 0 || args.includes("--all")).toBe(manual.files === true);
  },
);

describe("shell completion", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "flagd-completion-"));
    for (const name of ["flags.json", "two words.json", "other.yaml"]) {
      writeFileSync(join(folder, name), "");
    }
    mkdirSync(join(folder, "nested"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** What bash puts in the place of the last of its words: it splits them at ":" and "=", too. */
  const complete = (line: string) => {
    const script = `${bashCompletion(commands)}
COMP_LINE='${line}' COMP_POINT=\${#COMP_LINE}
_flagd 2>&1; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = Bun.spawnSync(["bash", "--norc", "-c", script], { cwd: folder });
    return stdout.toString().trim().split("\n");
  };

  test.each<[string, string[]]>([
    ["flagd st", ["start"]],
    ["flagd -", ["-h", "--help", "-v", "--version"]],
    ["flagd start --log-f", ["--log-format"]],
    ["flagd start --log-format ", ["console", "json"]],
    ["flagd start --log-format=j", ["json"]],
    ["flagd start -z j", ["json"]],
    ["flagd start --port ", [""]],
    [
      "flagd start --strict --ofrep-s",
      ["--ofrep-sse", "--ofrep-sse-window", "--ofrep-sse-streams"],
    ],
    ["flagd start --config o", ["other.yaml"]],
    ["flagd start --server-cert-path=ne", ["nested/"]],
    ["flagd start -f fi", ["file:"]],
    ["flagd start -f file:fl", ["flags.json"]],
    ["flagd start -f fl", ["file:flags.json"]],
    ["flagd start --uri=file:t", ["two words.json"]],
    ["flagd start -f redis:", ["//"]],
    ["flagd redis-sync --redis-uri ", ["redis://", "rediss://"]],
    ["flagd completion z", ["zsh"]],
    ["flagd evaluate new-checkout fl", ["flags.json"]],
    ["flagd evaluate new-checkout flags.json --expl", ["--explain"]],
    ["flagd test tw", ["two words.json"]],
  ])("bash: %j", (line, expected) => {
    expect(complete(line)).toEqual(expected);
  });

  test("bash: without a beginning, a source may be any file or URI", () => {
    expect(complete("flagd start -f ")).toEqual(
      expect.arrayContaining(["file:flags.json", "file:two words.json", "redis://", "s3://"]),
    );
  });

  test.each<[string, string, (name: string) => string, string]>([
    ["zsh", zshCompletion(commands), (name) => `--${name}`, "'\\''"],
    ["fish", fishCompletion(commands), (name) => `-l ${name} `, "\\'"],
  ])(
    "%s knows every option, and keeps the apostrophes of what it says",
    (_, script, form, apostrophe) => {
      for (const name of Object.keys(startOptions)) expect(script).toContain(form(name));
      expect(script).toContain(`instead of the system${apostrophe}s`);
      for (const line of script.replaceAll(apostrophe, "").split("\n")) {
        expect(line.split("'").length % 2).toBe(1);
      }
    },
  );
});
