import type { Setting } from "../../sources/settings.ts";
import { providers } from "../../sources/source-table.ts";
import { environmentName, type Option, sections } from "../options/option.ts";
import type { CommandManual } from "./commands.ts";
import { listSettings } from "./source-settings.ts";

/** Columns of text, if no single word is longer. */
const width = 100;
/** Columns in front of a description. */
const indent = 8;

/** What `flagd --help` prints. */
export function overview(commands: readonly CommandManual[]): string {
  const longest = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(longest)}  ${summary}`);
  return `flagd is a feature-flag daemon. It reads flags from Redis and other sources, and evaluates them
for OpenFeature clients.

Usage:
  flagd <command> [options]

Commands:
${lines.join("\n")}

Run 'flagd <command> --help' for the options of a command.
`;
}

/** What `flagd <command> --help` prints. */
export function commandHelp(command: CommandManual): string {
  const { name, usage, options, examples } = command;
  const parts = [
    command.description ?? `${command.summary}.`,
    `Usage:\n  ${`flagd ${name} ${usage}`.trim()}`,
  ];
  if (examples.length > 0) {
    const lines = examples.map(({ does, command }) => `  # ${does}\n  ${command}`);
    parts.push(`Examples:\n${lines.join("\n\n")}`);
  }
  for (const section of sections) {
    const own = Object.entries(options).filter(([, option]) => option.section === section);
    const blocks = own.map(([name, option]) => optionHelp(name, option));
    if (section === "General") blocks.push("  -h, --help\n        Print this help.");
    if (blocks.length > 0) parts.push(`${section}:\n${blocks.join("\n")}`);
  }
  if (options.sources) parts.push(sourcesHelp());
  if (Object.values(options).some(({ section }) => section !== "General")) parts.push(howToWrite());
  return `${parts.join("\n\n")}\n`;
}

/** How options are written, wherever they are. */
function howToWrite(): string {
  return wrap(
    "An option with a variable in brackets above may also be given as that environment variable, or as a key " +
      "of the configuration file, without the dashes: the command line wins over the environment, the " +
      "environment over the file. Switches need no value and are turned off by =false. Durations are " +
      "written with units, like 500ms, 5s or 1h30m.",
    0,
  );
}

function sourcesHelp(): string {
  const blocks = listSettings().map(({ name, type, kinds, doc }) => {
    const shown = kinds === undefined ? "" : ` (${kinds.join(", ")})`;
    return `  ${name} <${placeholders[type]}>${shown}\n${wrap(doc, indent)}`;
  });
  const kinds = wrap(`The provider is one of ${providers.join(", ")}.`, 2);
  return `Settings in the objects of --sources:\n${kinds}\n${blocks.join("\n")}`;
}

const placeholders: Readonly<Record<Setting["type"], string>> = {
  text: "text",
  boolean: "true|false",
  "boolean or poll": "true|false|poll",
  seconds: "seconds",
  bytes: "bytes",
  texts: "object",
  object: "object",
};

function optionHelp(
  name: string,
  { kind, short, default: fallback, doc, commandLineOnly }: Option<unknown>,
) {
  const hint = kind.switch ? "" : ` <${kind.hint}>`;
  const repeatable = kind.join ? " (repeatable)" : "";
  const shown = kind.show(fallback);
  const notes = [
    ...(shown === "" ? [] : [`default ${shown}`]),
    ...(commandLineOnly ? [] : [environmentName(name)]),
  ];
  const note = notes.length > 0 ? ` [${notes.join(", ")}]` : "";
  return `  ${short ? `-${short}, ` : "    "}--${name}${hint}${repeatable}\n${wrap(doc + note, indent)}`;
}

function wrap(text: string, indentation: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indentation + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].map((entry) => " ".repeat(indentation) + entry).join("\n");
}
