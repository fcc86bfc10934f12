import { ConfigError } from "../core/errors.ts";
import { didYouMean } from "../core/nearest.ts";
import type { OptionTable } from "./options/option.ts";

/** A command line, taken apart. */
export interface Arguments {
  /** Option name → the texts given for it, in order. */
  readonly options: ReadonlyMap<string, readonly string[]>;
  readonly positional: readonly string[];
  /** `-h` or `--help` was given. */
  readonly help: boolean;
}

/**
 * Splits a command line as pflag does: `--name value`, `--name=value`, `-n value`, `-nvalue`, `-n=value`,
 * switches without value (`--name`, joined short ones as in `-xh`), nothing but positionals after `--`.
 * @throws ConfigError for an unknown option or a missing value
 */
export function parseArguments(args: readonly string[], table: OptionTable): Arguments {
  const options = new Map<string, string[]>();
  const positional: string[] = [];
  let help = false;
  let index = 0;

  const isSwitch = (name: string) => table[name]?.kind.switch === true;
  const give = (name: string, value: string) => {
    const given = options.get(name);
    if (given) given.push(value);
    else options.set(name, [value]);
  };
  const nextValue = (shown: string, name: string): string => {
    const value = args[index++];
    if (value !== undefined) return value;
    throw new ConfigError(`${shown} needs a value: <${table[name]?.kind.hint}>`);
  };

  const long = (arg: string) => {
    const equals = arg.indexOf("=");
    const name = arg.slice(2, equals < 0 ? undefined : equals);
    if (name === "help") {
      help = true;
    } else if (!Object.hasOwn(table, name)) {
      throw new ConfigError(`unknown option --${name}${guess(name, table)}`);
    } else if (equals >= 0) {
      give(name, arg.slice(equals + 1));
    } else {
      give(name, isSwitch(name) ? "true" : nextValue(`--${name}`, name));
    }
  };

  const short = (arg: string) => {
    for (let at = 1; at < arg.length; at++) {
      const letter = arg[at] ?? "";
      if (letter === "h") {
        help = true;
        continue;
      }
      const name = nameOfShort(letter, table);
      if (name === undefined) throw new ConfigError(unknownShort(letter, arg, table));
      const rest = arg.slice(at + 1);
      if (rest.startsWith("=")) return give(name, rest.slice(1));
      if (isSwitch(name)) {
        give(name, "true");
        continue;
      }
      return give(name, rest || nextValue(arg.length > 2 ? `-${letter} in ${arg}` : arg, name));
    }
  };

  while (index < args.length) {
    const arg = args[index++] ?? "";
    if (arg === "--") {
      positional.push(...args.slice(index));
      break;
    }
    if (arg.startsWith("--")) long(arg);
    else if (arg.startsWith("-") && arg !== "-") short(arg);
    else positional.push(arg);
  }
  return { options, positional, help };
}

/** Whether the word after this one is the value of its option: after `--port`, `-p` and `-xp`. */
export function takesNextWord(word: string, table: OptionTable): boolean {
  if (word.startsWith("--")) return needsValue(word.slice(2), table);
  const letters = [...word.slice(1)];
  const first = letters.findIndex((letter) => needsValue(nameOfShort(letter, table), table));
  return first >= 0 && first === letters.length - 1;
}

function needsValue(name: string | undefined, table: OptionTable): boolean {
  if (name === undefined || !Object.hasOwn(table, name)) return false;
  return table[name]?.kind.switch !== true;
}

function nameOfShort(letter: string, table: OptionTable): string | undefined {
  return Object.keys(table).find((candidate) => table[candidate]?.short === letter);
}

/** `-port` is mostly meant to be `--port`, and `-v` is known from other programs. */
function unknownShort(letter: string, arg: string, table: OptionTable): string {
  const word = arg.slice(1).split("=")[0] ?? "";
  if (word === "v") {
    return "unknown option -v: flagd -v prints the version, --debug (-x) makes the log verbose";
  }
  const shown = word.length > 1 ? ` in -${word}` : "";
  return `unknown option -${letter}${shown}${word.length > 2 ? guess(word, table) : ""}`;
}

const maxGuesses = 3;

/**
 * ` (did you mean …?)` for a slip, and for the name that another command gives the same option: `--log-format`
 * for `--redis-log-format`.
 */
function guess(word: string, table: OptionTable): string {
  const names = [...Object.keys(table), "help"];
  const show = (name: string) => `--${name}`;
  const slip = didYouMean(word, names, show);
  if (slip !== "") return slip;
  const akin = names.filter((name) => name.endsWith(`-${word}`) || word.endsWith(`-${name}`));
  if (akin.length === 0 || akin.length > maxGuesses) return "";
  return ` (did you mean ${akin.map(show).join(" or ")}?)`;
}
