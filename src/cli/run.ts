import { type CommandDef, runCommand } from "citty";
import { parseArguments, takesNextWord } from "../config/argv.ts";
import { readConfigFile } from "../config/config-file.ts";
import { commands, manualOf } from "../config/manual/commands.ts";
import { overview } from "../config/manual/help.ts";
import { environmentName, type OptionTable } from "../config/options/option.ts";
import { globalOptions } from "../config/options/shared-options.ts";
import { ConfigError } from "../core/errors.ts";
import { visible } from "../core/message-text.ts";
import { type Environment, versionLine } from "../core/process-info.ts";
import { SourceError } from "../sources/source.ts";
import type { Io } from "./io.ts";

/** By name. Each is loaded only when it runs: `flagd version` needs nothing of the daemon. */
const loaders: Readonly<Record<string, (io: Io) => Promise<CommandDef>>> = {
  start: async (io) => (await import("./start.ts")).start(io),
  "redis-sync": async (io) => (await import("./redis-sync.ts")).redisSync(io),
  validate: async (io) => (await import("./validate.ts")).validate(io),
  schema: async (io) => (await import("./schema.ts")).schema(io),
  evaluate: async (io) => (await import("./evaluate.ts")).evaluate(io),
  test: async (io) => (await import("./test.ts")).test(io),
  init: async (io) => (await import("./init.ts")).init(io),
  doctor: async (io) => (await import("./doctor.ts")).doctor(io),
  redis: async (io) => (await import("./redis.ts")).redis(io),
  health: async (io) => (await import("./probe.ts")).probe("health", io),
  ready: async (io) => (await import("./probe.ts")).probe("ready", io),
  token: async (io) => (await import("./token.ts")).token(io),
  version: async (io) => (await import("./version.ts")).version(io),
  help: async (io) => (await import("./help.ts")).help(io),
  completion: async (io) => (await import("./completion.ts")).completion(io),
};

/**
 * Runs the command that `args` (without the program's name) begin with.
 * @returns the exit status: 0, or 1 after one line on standard error that says what is wrong
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const [at, name] = commandIn(args);
  try {
    if (name === undefined) return await withoutCommand(args, io);
    const load = loaders[manualOf(name).name];
    if (!load) throw new Error(`command ${name} has a manual and no code`);
    const { result } = await runCommand(await load(io), { rawArgs: args.toSpliced(at, 1) });
    return typeof result === "number" ? result : 0;
  } catch (error) {
    await io.complain(await report(error, name, args, io));
    return 1;
  }
}

/** What is wrong: a line for people and one of what to do, or a log entry for whoever reads the log as JSON. */
async function report(
  error: unknown,
  name: string | undefined,
  args: readonly string[],
  { environment }: Io,
): Promise<string> {
  const expected = error instanceof ConfigError || error instanceof SourceError;
  // Left to the runtime an error of ours would be shown with its members, which may be secret.
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const message = expected ? error.message : `unexpected error; please report it: ${what}`;
  const known = commands.find((command) => command.name === name);
  if (!known || "strict" in known.options) {
    const format = await impliedLogFormat(known?.name, args, environment);
    if (format === "json") {
      const { jsonLine } = await import("../telemetry/log/log-line.ts");
      const fields = known && { component: known.name };
      return `${jsonLine({ level: "fatal", time: new Date(), message, fields: { ...fields } })}\n`;
    }
  }
  const usage = known ? `flagd ${known.name} --help` : "flagd help";
  const advice = error instanceof ConfigError ? `Run '${usage}' for usage.\n` : "";
  return `Error: ${visible(message)}\n${advice}`;
}

/** Those of a command may also stand before its name: `flagd --port 8013 start`. */
const optionsOfAll: OptionTable = Object.assign({}, ...commands.map(({ options }) => options));

/** The first word that is neither an option nor its value, and where it stands. */
function commandIn(args: readonly string[]): [number, string | undefined] {
  let at = 0;
  for (let word = args[0]; word?.startsWith("-"); word = args[at]) {
    at += takesNextWord(word, optionsOfAll) ? 2 : 1;
  }
  return [at, args[at]];
}

async function withoutCommand(args: readonly string[], io: Io): Promise<number> {
  if (args.includes("--version") || args.includes("-v")) {
    await io.print(`${versionLine}\n`);
    return 0;
  }
  parseArguments(args, globalOptions);
  await io.print(overview(commands));
  return 0;
}

const names = ["log-format", "redis-log-format"] as const;
type Name = (typeof names)[number];
type LogFormat = "console" | "json";

/**
 * The log format that is asked for if the options cannot be read as a whole, so that whoever reads the log of
 * `flagd COMMAND` can read what is wrong with it, too. Never throws.
 * @param command undefined: it is not known
 */
async function impliedLogFormat(
  command: string | undefined,
  args: readonly string[],
  environment: Environment,
): Promise<LogFormat> {
  const own = names.filter(
    (name) => !command || name.startsWith("redis") === (command === "redis-sync"),
  );
  const format =
    onCommandLine(args) ??
    own.map((name) => environment[environmentName(name)]).find((value) => value) ??
    (await inFile(own, args, environment));
  return format === "json" ? "json" : "console";
}

/** Under either name: one of the two may be the mistake. */
function onCommandLine(args: readonly string[]): string | undefined {
  const texts = args.map((word, at) => {
    const match = /^(?:--(?:redis-)?log-format|-[a-z]?z)(?:=?(.*))$/.exec(word);
    return match && (match[1] || args[at + 1]);
  });
  return texts.findLast((text) => text) ?? undefined;
}

async function inFile(
  own: readonly Name[],
  args: readonly string[],
  environment: Environment,
): Promise<unknown> {
  const at = args.findLastIndex((word) => /^--config(=|$)/.test(word));
  const path = args[at]?.replace(/^--config=?/, "") || (args[at + 1] ?? "");
  const file = await readConfigFile(at < 0 ? "" : path, environment).catch(() => undefined);
  return own.map((name) => file?.values.get(name)).find((value) => value !== undefined);
}
