import { type CommandDef, runCommand } from "citty";
import { parseArguments, takesNextWord } from "../config/argv.ts";
import { commands, manualOf } from "../config/manual/commands.ts";
import { overview } from "../config/manual/help.ts";
import type { OptionTable } from "../config/options/option.ts";
import { globalOptions } from "../config/options/shared.ts";
import { versionLine } from "../core/build-info.ts";
import { ConfigError } from "../core/config-error.ts";
import { redact } from "../core/redact.ts";
import type { Io } from "./io.ts";

/** By name. Each is loaded only when it runs: `flagd version` needs nothing of the daemon. */
const loaders: Readonly<Record<string, (io: Io) => Promise<CommandDef>>> = {
  start: async (io) => (await import("./start.ts")).start(io),
  "redis-sync": async (io) => (await import("./redis-sync.ts")).redisSync(io),
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
    if (!(error instanceof ConfigError)) {
      // Left to the runtime it would be shown with the members of the error, which may be secret.
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
      await io.complain(`Error: unexpected error; please report it: ${redact(what)}\n`);
      return 1;
    }
    const known = commands.some((command) => command.name === name);
    const usage = known ? `flagd ${name} --help` : "flagd help";
    await io.complain(`Error: ${redact(error.message)}\nRun '${usage}' for usage.\n`);
    return 1;
  }
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
  if (args.includes("--version")) {
    await io.print(`${versionLine}\n`);
    return 0;
  }
  parseArguments(args, globalOptions);
  await io.print(overview(commands));
  return 0;
}
