import { ConfigError } from "../../core/config-error.ts";
import { didYouMean } from "../../core/nearest.ts";
import type { Member } from "./members.ts";

type ValueOf<M extends Member> = M["type"] extends "text"
  ? string
  : M["type"] extends "boolean"
    ? boolean
    : M["type"] extends "seconds" | "bytes"
      ? number
      : M["type"] extends "texts"
        ? Readonly<Record<string, string>>
        : object;

/** The members that an object has, by their proper names. */
export type MemberValues<Table extends Readonly<Record<string, Member>>> = {
  readonly [Name in keyof Table]?: ValueOf<Table[Name]>;
};

/**
 * Reads an object by a table of members. Names match in any case, null is as good as absent,
 * unknown members are ignored with a warning.
 * @param where names the object in messages: `--sources[0]`
 * @throws ConfigError naming the member and what was expected; values are not repeated, they may be secret
 */
export function readMembers<Table extends Readonly<Record<string, Member>>>(
  value: unknown,
  table: Table,
  where: string,
  warn: (message: string) => void,
): MemberValues<Table> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ConfigError(`${where}: expected an object`);
  }
  const names = Object.keys(table);
  const read: Record<string, unknown> = {};
  for (const [given, member] of Object.entries(value)) {
    const name = names.find((candidate) => candidate.toLowerCase() === given.toLowerCase());
    const declared = name === undefined ? undefined : table[name];
    if (name === undefined || declared === undefined) {
      const shown = JSON.stringify(given.slice(0, 80));
      warn(`${where}: unknown member ${shown} ignored${didYouMean(given, names)}`);
    } else if (member !== null && member !== undefined) {
      read[name] = check(member, declared, `${where}.${name}`);
    }
  }
  return read as MemberValues<Table>;
}

function check(value: unknown, { type, max }: Member, where: string): unknown {
  switch (type) {
    case "text":
      if (typeof value === "string") return value;
      throw new ConfigError(`${where}: expected a string`);
    case "boolean":
      if (typeof value === "boolean") return value;
      throw new ConfigError(`${where}: expected true or false`);
    case "seconds":
    case "bytes":
      if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
        throw new ConfigError(`${where}: expected a whole number of ${type}, 0 or more`);
      }
      if (max !== undefined && value > max) {
        throw new ConfigError(`${where}: ${value}s exceeds maximum ${max}s`);
      }
      return value;
    case "texts":
      return texts(value, where);
    case "object":
      return value;
  }
}

function texts(value: unknown, where: string): Readonly<Record<string, string>> {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : undefined;
  if (!entries || Array.isArray(value))
    throw new ConfigError(`${where}: expected an object with string values`);
  for (const [key, entry] of entries) {
    if (typeof entry !== "string") {
      throw new ConfigError(`${where}: the value of ${JSON.stringify(key)} is not a string`);
    }
  }
  return Object.fromEntries(entries);
}
