import { readFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { defineCommand } from "citty";
import { manualOf } from "../config/manual/commands.ts";
import { commandHelp } from "../config/manual/help.ts";
import {
  type RedisCommandConfig,
  readCount,
  readMemberValue,
  readRedisConfig,
} from "../config/redis-config.ts";
import { ConfigError } from "../core/errors.ts";
import { fileErrorText } from "../core/file-error.ts";
import { quote } from "../core/message-text.ts";
import { didYouMean } from "../core/nearest.ts";
import { EditError, keysOf } from "../flags/edit-document.ts";
import { readStandardInput } from "../runtime/read-source.ts";
import { changeFlags, type PresentFlags, readFlags } from "../runtime/redis-edit/change-flags.ts";
import { partsOf, storedValue } from "../runtime/redis-edit/document-value.ts";
import { type FlagAction, planChange } from "../runtime/redis-edit/plan-change.ts";
import { review } from "../runtime/redis-edit/review.ts";
import { redactUri } from "../sources/redis/redis-uri.ts";
import type { StoredChange } from "../sources/redis/stored-flags.ts";
import { SourceError } from "../sources/source.ts";
import { type Io, paletteOf } from "./io.ts";
import { changesText, historyText, withheldText } from "./redis-output.ts";

/** `flagd redis`: reads and changes the flags in Redis. */
export const redis = (io: Io) =>
  defineCommand({
    meta: { name: "redis" },
    async run({ rawArgs }): Promise<number> {
      const config = await readRedisConfig(rawArgs, io.environment);
      if (!config) {
        await io.print(commandHelp(manualOf("redis")));
        return 0;
      }
      try {
        return await run(config, io);
      } catch (error) {
        if (error instanceof EditError) throw new SourceError(error.message);
        throw error;
      }
    },
  });

async function run(config: RedisCommandConfig, io: Io): Promise<number> {
  switch (config.verb) {
    case "get":
      return get(config, io);
    case "diff":
      return diff(config, io);
    case "history":
      return history(config, io);
    default:
      return change(config, await actionOf(config), io);
  }
}

async function get({ source, words, json }: RedisCommandConfig, io: Io): Promise<number> {
  const { flags } = await readFlags(source, 0);
  const { document, version, form, problems } = flags;
  if (document === undefined) {
    const advice = "flagd redis push FILE makes it";
    throw new SourceError(`${nameOf(source)}: there is no such key: ${advice}`);
  }
  for (const problem of problems) await io.complain(`${problem}\n`);
  if (words.length === 0) {
    const text = document.endsWith("\n") ? document : `${document}\n`;
    await io.print(json ? `${JSON.stringify({ version, form, document })}\n` : text);
    return 0;
  }
  const parts = partsOf(storedValue(document));
  const found = words.map((key) => {
    const text = parts.get(key);
    if (text !== undefined) return [key, JSON.parse(text)] as const;
    throw new SourceError(`there is no flag ${quote(key)}${didYouMean(key, parts.keys(), quote)}`);
  });
  const [only] = found;
  const shown = found.length === 1 ? only?.[1] : Object.fromEntries(found);
  await io.print(`${json ? JSON.stringify(shown) : JSON.stringify(shown, null, 2)}\n`);
  return 0;
}

async function diff(
  { source, words: [file = ""], json }: RedisCommandConfig,
  io: Io,
): Promise<number> {
  const [{ flags }, text] = await Promise.all([readFlags(source, 0), textOf(file)]);
  const { changes } = review(flags.document, text);
  const shown = json ? `${JSON.stringify(changes)}\n` : changesText(changes, await paletteOf(io));
  await io.print(shown);
  return changes.length === 0 ? 0 : 1;
}

/** More than anybody keeps. */
const maxEntries = 1_000;

async function history({ source, json }: RedisCommandConfig, io: Io): Promise<number> {
  const { history } = await readFlags(source, maxEntries);
  await io.print(json ? `${JSON.stringify(history)}\n` : historyText(history, await paletteOf(io)));
  return 0;
}

async function actionOf({ verb, words }: RedisCommandConfig): Promise<FlagAction> {
  const [first = "", ...more] = words;
  switch (verb) {
    case "push":
      return { verb, document: await textOf(first) };
    case "set":
      return { verb, key: first, members: more.map(readMemberValue) };
    case "toggle":
      return { verb, key: first };
    case "delete":
      return { verb, keys: words };
    case "rollback":
      return { verb, changes: readCount(words[0]) };
    default:
      throw new ConfigError(`${verb} changes nothing`);
  }
}

/** The file's, or that of standard input. */
async function textOf(file: string): Promise<string> {
  if (file === "-")
    return new TextDecoder().decode((await readStandardInput()).document as Uint8Array);
  try {
    return await Bun.file(file).text();
  } catch (error) {
    throw new SourceError(`${file} cannot be read: ${fileErrorText(error)}`);
  }
}

async function change(config: RedisCommandConfig, action: FlagAction, io: Io): Promise<number> {
  const { source, keep, message, verb, words } = config;
  const time = new Date().toISOString();
  const note = { time, user: user(io), message, change: [verb, ...words].join(" ") };
  const entries = action.verb === "rollback" ? action.changes : action.verb === "push" ? 1 : 0;
  let status = 0;
  const decide = decision(config, action, io, (code) => {
    status = code;
  });
  const { written, replicas } = await changeFlags(source, decide, { entries, keep, note });
  if (!written) return status;
  if (replicas && replicas.reached === 0) {
    const why = replicas.of === 0 ? "the master has no replica" : "no replica has confirmed it yet";
    await io.complain(`written, but ${why}: a failover now would lose it\n`);
  }
  await io.print(`written to ${nameOf(source)}\n`);
  return 0;
}

/** Shows what the change does and asks, each time that the flags are others than those that were asked for. */
function decision(
  config: RedisCommandConfig,
  action: FlagAction,
  io: Io,
  end: (status: number) => void,
) {
  let agreed: string | undefined;
  return async (present: PresentFlags): Promise<StoredChange | undefined> => {
    const { flags, raced } = present;
    refuseOtherBase(config, action, present);
    const planned = planChange(action, flags, present.history);
    if (planned.commands.length === 0 || planned.document === flags.document) {
      await io.print("nothing to change\n");
      return undefined;
    }
    if (agreed === flags.version) return planned;
    const { changes, errors, warnings } = review(flags.document, planned.document);
    const all = [...planned.problems.map((problem) => `error: ${problem}`), ...errors];
    if (errors.length > 0) all.push(...newFlagHint(action, flags.document));
    if (all.length > 0 || (config.strict && warnings.length > 0)) {
      throw new SourceError(withheldText([...all, ...(config.strict ? warnings : [])]));
    }
    if (raced && agreed !== undefined && !config.yes) {
      await io.complain("the flags were changed meanwhile; what the change does now:\n");
    }
    if (!raced || !config.yes) await io.print(changesText(changes, await paletteOf(io)));
    for (const warning of raced ? [] : warnings) await io.complain(`${warning}\n`);
    if (config.dryRun) {
      await io.print("nothing was written (--dry-run)\n");
      return undefined;
    }
    if (!config.yes && !(await agrees(config, io))) {
      end(1);
      return undefined;
    }
    agreed = flags.version;
    return planned;
  };
}

/** A key that was misspelt makes a flag of its own. */
function newFlagHint(action: FlagAction, document: string | undefined): string[] {
  if (action.verb !== "set" || document === undefined) return [];
  const keys = keysOf(storedValue(document));
  const guess = keys.includes(action.key) ? "" : didYouMean(action.key, keys, quote);
  return guess === "" ? [] : [`there is no flag ${quote(action.key)} yet${guess}`];
}

/** All flags, or those as they were, are written over what was looked at, and nothing else. */
function refuseOtherBase(
  { base }: RedisCommandConfig,
  action: FlagAction,
  { flags, history, raced }: PresentFlags,
): void {
  const whole = action.verb === "push" || action.verb === "rollback";
  const other = base !== "" && base !== flags.version;
  if (!other && !(raced && whole)) return;
  const [last] = history;
  const who = last ? `; the last change is by ${last.user}: ${last.change}` : "";
  throw new SourceError(
    `the flags were changed meanwhile${who}: nothing was written; look at them and try again`,
  );
}

async function agrees({ source }: RedisCommandConfig, io: Io): Promise<boolean> {
  const answer = await io.ask?.(`write this to ${nameOf(source)}? [y/N] `);
  if (answer === undefined) {
    throw new ConfigError("nobody is there to ask: add --yes to write, or --dry-run to look only");
  }
  if (/^y(es)?$/i.test(answer.trim())) return true;
  await io.complain("nothing was written\n");
  return false;
}

function nameOf({ uri, name }: RedisCommandConfig["source"]): string {
  return name ?? redactUri(uri);
}

function user({ environment }: Io): string {
  const name = environment.USER || environment.LOGNAME || userName();
  return `${name}@${hostname()}`;
}

/** BUN 1.4.5: `userInfo()` knows no name but USER's. In containers a user may have none. */
function userName(): string {
  const uid = process.getuid?.();
  if (uid === undefined) return userInfo().username;
  try {
    const users = readFileSync("/etc/passwd", "utf8").split("\n");
    const own = users.map((line) => line.split(":")).find(([, , id]) => id === String(uid));
    return own?.[0] || String(uid);
  } catch {
    return String(uid);
  }
}
