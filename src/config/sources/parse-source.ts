import { ConfigError } from "../../core/errors.ts";
import { isObject } from "../../core/json.ts";
import { quote, quoteUri } from "../../core/message-text.ts";
import { didYouMean, nearest } from "../../core/nearest.ts";
import type { Setting, SettingTable, SettingValues } from "../../sources/settings.ts";
import {
  kindOf,
  type Provider,
  providers,
  type SourceConfig,
  sourceKinds,
} from "../../sources/source-table.ts";
import { refuseSecondUri } from "./source-of-uri.ts";

/** What an object of `--sources` has whatever its kind. */
export const commonSettings = {
  uri: { type: "text", doc: "Where the flags are. Required." },
  provider: { type: "text", doc: "The kind of source. Required." },
} as const;

/**
 * One source from an object as `--sources` has it.
 * @param where names the object in messages: `--sources[0]`
 * @throws ConfigError naming the setting and what was expected
 */
export function parseSource(
  value: unknown,
  where: string,
  warn: (message: string) => void,
): SourceConfig {
  if (!isObject(value)) throw new ConfigError(`${where}: expected an object`);
  const common = readSettings(value, commonSettings, { where, warn: () => {} });
  const { uri } = common;
  if (!uri) throw new ConfigError(`${where}: uri is missing${meant("uri", value)}`);
  refuseSecondUri(uri, where, separators);
  if (!common.provider) {
    throw new ConfigError(`${where}: provider is missing${meant("provider", value, uri)}`);
  }
  const provider = providers.find((name) => name === common.provider);
  if (provider === undefined) throw new ConfigError(`${where}: ${unknown(common.provider)}`);
  const kind = kindOf(provider);
  const other = sourceKinds.find(({ uriPattern }) => uriPattern.test(uri));
  if (other && other !== kind && ownScheme.test(uri)) {
    throw new ConfigError(
      `${where}: the uri ${quoteUri(uri)} is one of provider ${other.providers[0]}, not of ${provider}: write "provider":"${other.providers[0]}"`,
    );
  }
  const table = { ...commonSettings, ...kind.settings };
  const explainIgnored = (name: string) => ofOtherKind(name, provider);
  const settings = readSettings(value, table, { where, warn, explainIgnored });
  // As its own table reads them.
  return kind.check({ ...settings, provider, uri } as SourceConfig, where);
}

const separators =
  "separate URIs by commas on the command line, by white space in variables and files";

function ofOtherKind(given: string, provider: Provider): string | undefined {
  const names = sourceKinds.flatMap(({ settings }) => Object.keys(settings));
  const name = names.find((candidate) => candidate.toLowerCase() === given.toLowerCase());
  return name && `${name} has no effect on provider ${provider}`;
}

/** Schemes that no other provider can read: `file` reads any path, and `grpc` and `http` targets of several forms. */
const ownScheme = /^(?:file:|(?:redis|valkey)s?(?:\+\w+)*:|https?:|grpcs?:|s3:|gs:|azblob:)/;

/** What seems to stand for a setting that is missing. */
function meant(name: "uri" | "provider", value: object, uri = ""): string {
  const kind = sourceKinds.find(({ uriPattern }) => uriPattern.test(uri));
  if (name === "provider" && kind) return `: write "provider":"${kind.providers[0]}"`;
  const slip = Object.keys(value).find((given) => nearest(given, [name]) === name);
  return slip === undefined ? "" : `: write ${name} instead of ${quote(slip)}`;
}

function unknown(name: string): string {
  const all = providers.map((provider) => `'${provider}'`);
  const hint = didYouMean(name, providers, (guess) => `'${guess}'`);
  // A URI at the wrong place may hold a password.
  return `unknown provider ${quoteUri(name)}: expected ${all.slice(0, -1).join(", ")} or ${all.at(-1)}${hint}`;
}

interface ReadSettingsOptions {
  /** Names the object in messages: `--sources[0]`. */
  readonly where: string;
  readonly warn: (message: string) => void;
  /** Says why a setting that is not in the table is ignored. Default: it is unknown. */
  readonly explainIgnored?: (name: string) => string | undefined;
}

/**
 * Reads an object by a table of settings. Names match in any case; 0, an empty text and null are as good as
 * absent; settings that are not in the table are ignored with a warning.
 * @throws ConfigError naming the setting and what was expected; values are not repeated, they may be secret
 */
function readSettings<Table extends SettingTable>(
  value: object,
  table: Table,
  options: ReadSettingsOptions,
): SettingValues<Table> {
  const { where, warn, explainIgnored } = options;
  const names = Object.keys(table);
  const read: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(table)) {
    if ("default" in setting) read[name] = setting.default;
  }
  for (const [given, content] of Object.entries(value)) {
    const name = names.find((candidate) => candidate.toLowerCase() === given.toLowerCase());
    const setting = name === undefined ? undefined : table[name];
    if (name === undefined || setting === undefined) {
      const shown = JSON.stringify(given.slice(0, 80));
      const unknown = `unknown setting ${shown} ignored${didYouMean(given, names)}`;
      warn(`${where}: ${explainIgnored?.(given) ?? unknown}`);
    } else if (content !== null && content !== undefined) {
      const checked = check(content, setting, { where: `${where}.${name}`, warn });
      if (checked !== "" && checked !== 0) read[name] = checked;
    }
  }
  return read as SettingValues<Table>;
}

function check(value: unknown, setting: Setting, options: ReadSettingsOptions): unknown {
  const { where } = options;
  switch (setting.type) {
    case "text":
      if (typeof value === "string") return value.trim();
      throw new ConfigError(`${where}: expected a string`);
    case "boolean":
      if (typeof value === "boolean") return value;
      throw new ConfigError(`${where}: expected true or false`);
    case "boolean or poll":
      if (typeof value === "boolean" || value === "poll") return value;
      throw new ConfigError(`${where}: expected true, false or "poll"`);
    case "seconds":
    case "bytes":
      return checkNumber(value, setting, where);
    case "texts":
      return checkTexts(value, where);
    case "object":
      if (isObject(value)) return readSettings(value, setting.settings, options);
      throw new ConfigError(`${where}: expected an object`);
  }
}

function checkNumber(
  value: unknown,
  { type, max }: { readonly type: string; readonly max?: number },
  where: string,
): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new ConfigError(`${where}: expected a whole number of ${type}, 0 or more`);
  }
  if (max !== undefined && value > max) {
    throw new ConfigError(`${where}: ${value}s exceeds maximum ${max}s`);
  }
  return value;
}

function checkTexts(value: unknown, where: string): Readonly<Record<string, string>> {
  if (!isObject(value)) throw new ConfigError(`${where}: expected an object with string values`);
  const entries = Object.entries(value).map(([key, entry]) => {
    if (typeof entry !== "string") {
      throw new ConfigError(`${where}: the value of ${JSON.stringify(key)} is not a string`);
    }
    return [key, entry.trim()] as const;
  });
  return Object.fromEntries(entries);
}
