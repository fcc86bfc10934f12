import { ConfigError } from "../core/errors.ts";
import { quoteUri } from "../core/message-text.ts";
import { didYouMean } from "../core/nearest.ts";
import type { Environment } from "../core/process-info.ts";
import { parseArguments } from "./argv.ts";
import { type ConfigFile, readConfigFile } from "./config-file.ts";
import { readEnvironment } from "./environment.ts";
import { type Kind, ValueError } from "./kinds/kind.ts";
import { environmentName, type OptionTable, type Values } from "./options/option.ts";

/** Where an option's value comes from. */
export interface Origin {
  readonly place: "command line" | "environment" | "file" | "default";
  /** For messages: `--port`, `FLAGD_PORT`, `flagd.yaml: port`. */
  readonly name: string;
}

/** The options of a command with the values that are in effect. */
export interface Resolved<Table extends OptionTable> {
  readonly values: Values<Table>;
  origin(name: keyof Table): Origin;
  /** The configuration file in use. */
  readonly file: string | undefined;
  /** What was ignored. */
  readonly warnings: readonly string[];
  /** What stands between the options, of a command that takes words. */
  readonly words: readonly string[];
}

/**
 * The value of every option of `table`: command line before environment before configuration file
 * before default. Undefined if help was asked for.
 * @param others options of other commands, which the configuration file may have too
 * @param takesWords whether the command takes something beside options
 * @throws ConfigError naming the option, variable or key, and what was expected
 */
export async function resolveOptions<Table extends OptionTable>(
  table: Table,
  args: readonly string[],
  environment: Environment,
  others: OptionTable = {},
  takesWords = false,
): Promise<Resolved<Table> | undefined> {
  const given = parseArguments(args, table);
  if (given.help) return undefined;
  const variables = readEnvironment(table, environment, others);
  const file = await readConfigFile(given.options.get("config")?.at(-1) ?? "", environment);
  const warnings = [
    ...variables.warnings,
    ...(file ? [...file.warnings, ...unknownKeys(file, table, others)] : []),
  ];
  const values: Record<string, unknown> = {};
  const origins = new Map<string, Origin>();

  for (const [name, { kind, default: fallback, commandLineOnly }] of Object.entries(table)) {
    const take = (place: Origin["place"], from: string, read: () => unknown) => {
      origins.set(name, { place, name: from });
      values[name] = naming(from, read);
    };
    const texts = given.options.get(name);
    if (texts && table[name]?.variableOnly) {
      throw new ConfigError(
        `--${name} would show a secret to everyone who can list processes: set ${environmentName(name)}`,
      );
    }
    const variable = variables.options.get(name);
    const member = commandLineOnly ? undefined : file?.values.get(name);
    if (texts) {
      take("command line", `--${name}`, () => fromTexts(kind, texts));
    } else if (variable !== undefined) {
      const read = kind.fromEnv ?? kind.fromText;
      take("environment", environmentName(name), () => read(variable));
    } else if (member !== undefined && member !== null) {
      take("file", `${file?.path}: ${name}`, () => kind.fromFile(member));
    } else {
      take("default", `--${name}`, () => fallback);
    }
  }
  const [extra] = given.positional;
  // After the values: words are left over, too, if a shell took unquoted JSON apart.
  if (extra !== undefined && !takesWords) throw new ConfigError(unexpected(extra, table));
  return {
    words: given.positional,
    values: values as Values<Table>,
    origin: (name) => origins.get(String(name)) ?? { place: "default", name: `--${String(name)}` },
    file: file?.path,
    warnings,
  };
}

/**
 * The value of every option of a command that reads nothing but its command line; undefined if help was asked for.
 * @throws ConfigError naming the option, and what was expected
 */
export function commandLineValues<Table extends OptionTable>(
  table: Table,
  args: readonly string[],
): Values<Table> | undefined {
  const given = parseArguments(args, table);
  if (given.help) return undefined;
  const [extra] = given.positional;
  if (extra !== undefined) throw new ConfigError(unexpected(extra, table));
  const values = Object.entries(table).map(([name, { kind, default: fallback }]) => {
    const texts = given.options.get(name);
    return [name, texts ? naming(`--${name}`, () => fromTexts(kind, texts)) : fallback];
  });
  return Object.fromEntries(values) as Values<Table>;
}

/** A word that belongs to no option was meant to be something. */
function unexpected(word: string, table: OptionTable): string {
  const problem = `unexpected argument ${quoteUri(word)}`;
  if (/^(true|false)$/i.test(word)) {
    return `${problem}: a switch takes its value with "=", as in --debug=${word.toLowerCase()}`;
  }
  if (table.uri && /^[\w+.-]+:|^[./~]|\.(json|ya?ml)$/i.test(word)) {
    const uri = /^[a-z][a-z0-9+.-]*:/i.test(word) ? word : `file:${word}`;
    return `${problem}: each source needs an option of its own, as in -f ${quoteUri(uri)}`;
  }
  return `${problem}: expected options only`;
}

function fromTexts(kind: Kind<unknown>, texts: readonly string[]): unknown {
  const [first, ...more] = texts.map((text) => kind.fromText(text));
  return more.reduce((earlier, later) => (kind.join ? kind.join(earlier, later) : later), first);
}

function naming<T>(origin: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    const advice = error.instead === undefined ? "" : `: write ${origin}=${error.instead}`;
    throw new ConfigError(`invalid value for ${origin}: ${error.message}${advice}`);
  }
}

function unknownKeys(file: ConfigFile, table: OptionTable, others: OptionTable): string[] {
  const names = fileKeys(table);
  const known = new Set([...names, ...fileKeys(others)]);
  return [...file.values.keys()]
    .filter((key) => !known.has(key))
    .map(
      (key) =>
        `unknown key ${JSON.stringify(key)} in ${file.path} ignored${didYouMean(key, names)}`,
    );
}

function fileKeys(table: OptionTable): string[] {
  return Object.keys(table).filter((name) => !table[name]?.commandLineOnly);
}
