import type { Setting, SettingTable } from "../../sources/settings.ts";
import { sourceKinds } from "../../sources/source-table.ts";
import { commonSettings } from "../sources/parse-source.ts";

/** A setting as help lists it: once, for all kinds that have it. */
export interface ListedSetting {
  readonly name: string;
  readonly type: Setting["type"];
  /** Providers of the kinds that have it; undefined: all. */
  readonly kinds: readonly string[] | undefined;
  /** With the default. */
  readonly doc: string;
}

/** The settings of all kinds; one that two kinds describe differently is listed for each. */
export function listSettings(): readonly ListedSetting[] {
  const listed = new Map<string, ListedSetting & { kinds: string[]; defaults: string[] }>();
  for (const { providers, settings } of sourceKinds) {
    const kind = providers[0] ?? "";
    for (const [name, setting] of namedSettings(settings)) {
      const { type, doc } = setting;
      const id = `${name} ${doc}`;
      const entry = listed.get(id) ?? { name, type, doc, kinds: [], defaults: [] };
      entry.kinds.push(kind);
      entry.defaults.push(defaultOf(setting));
      listed.set(id, entry);
    }
  }
  const common = namedSettings(commonSettings).map(([name, setting]) => ({
    name,
    ...setting,
    kinds: undefined,
  }));
  const others = [...listed.values()].map(({ name, type, kinds, defaults, doc }) => ({
    name,
    type,
    kinds,
    doc: doc + describeDefaults(kinds, defaults),
  }));
  return [...common, ...others];
}

/** The reference of all kinds, in Markdown. */
export function sourcesReference(): string {
  return sourceKinds
    .map(({ providers, doc, uriForm, settings }) => {
      const [name, ...aliases] = providers.map((provider) => `\`${provider}\``);
      const also = aliases.length > 0 ? ` (or ${aliases.join(", ")})` : "";
      const rows = namedSettings(settings).map(
        ([setting, declared]) =>
          `| \`${setting}\` | ${declared.type} | ${code(defaultOf(declared))} | ${declared.doc} |`,
      );
      const table = `\n| setting | type | default | |\n|---|---|---|---|\n${rows.join("\n")}\n`;
      return `### ${name}${also}\n\n${doc} \`${uriForm}\`\n${rows.length > 0 ? table : ""}`;
    })
    .join("\n");
}

/** With those of a group, as `oauth.tokenUrl`. */
function namedSettings(table: SettingTable, prefix = ""): (readonly [string, Setting])[] {
  return Object.entries(table).flatMap(([name, setting]) => [
    [prefix + name, setting] as const,
    ...("settings" in setting ? namedSettings(setting.settings, `${prefix}${name}.`) : []),
  ]);
}

function defaultOf(setting: Setting): string {
  if (!("default" in setting) || typeof setting.default === "object") return "";
  return String(setting.default ?? "");
}

function describeDefaults(kinds: readonly string[], defaults: readonly string[]): string {
  const values = [...new Set(defaults)].filter((value) => value !== "");
  if (values.length === 0) return "";
  if (values.length === 1) return ` Default: ${values[0]}.`;
  const shown = values.map((value) => {
    const users = kinds.filter((_, index) => defaults[index] === value);
    return `${value} for ${users.join(", ")}`;
  });
  return ` Default: ${shown.join("; ")}.`;
}

function code(text: string): string {
  return text === "" ? "" : `\`${text}\``;
}
