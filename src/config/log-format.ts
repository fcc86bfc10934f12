import type { Environment } from "../core/environment.ts";
import { readConfigFile } from "./file.ts";
import { environmentName } from "./options/option.ts";

const names = ["log-format", "redis-log-format"] as const;
type Name = (typeof names)[number];
type LogFormat = "console" | "json";

/**
 * The log format that is asked for where the options cannot be read as a whole, so that whoever reads the log of
 * `flagd COMMAND` can read what is wrong with it, too. Never throws.
 * @param command undefined: it is not known
 */
export async function impliedLogFormat(
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
  return own.map((name) => file?.members.get(name)).find((value) => value !== undefined);
}
