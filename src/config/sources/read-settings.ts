import { ConfigError } from "../../core/config-error.ts";
import { didYouMean } from "../../core/nearest.ts";
import type { Setting, SettingTable, SettingValues } from "../../sources/settings.ts";

export interface ReadSettingsOptions {
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
export function readSettings<Table extends SettingTable>(
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
  const entries = Object.entries(value);
  for (const [key, entry] of entries) {
    if (typeof entry !== "string") {
      throw new ConfigError(`${where}: the value of ${JSON.stringify(key)} is not a string`);
    }
  }
  return Object.fromEntries(entries.map(([key, entry]) => [key, entry.trim()]));
}

/** True of objects other than arrays. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
