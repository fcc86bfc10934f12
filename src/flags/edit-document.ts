import { messageOf } from "../core/errors.ts";
import { isArray, isObject, type Json } from "../core/json.ts";
import { type EditStep, removeFromJson, setInJson } from "../core/json-edit.ts";
import { quote } from "../core/message-text.ts";
import { didYouMean } from "../core/nearest.ts";

/** One value of a document that is to become another one; undefined: that is to go. */
export interface Edit {
  readonly path: readonly EditStep[];
  readonly value: Json | undefined;
}

/** What cannot be done to a document, in words. */
export class EditError extends Error {
  override readonly name = "EditError";
}

/**
 * A document's text with its values replaced, and all else as it is written.
 * @param text JSON, or YAML, that can be read
 * @throws EditError if the text has no place for a value
 */
export function editText(text: string, edits: readonly Edit[]): string {
  const isJson = /^[\uFEFF\s]*[{[]/.test(text);
  let edited = text;
  try {
    for (const { path, value } of edits) {
      if (!isJson) edited = yamlEdits().editYaml(edited, path, value);
      else if (value === undefined) edited = removeFromJson(edited, path);
      else edited = setInJson(edited, path, value);
    }
  } catch (error) {
    throw new EditError(messageOf(error));
  }
  return edited;
}

/** Loaded by the first document that is YAML. */
function yamlEdits(): typeof import("../core/yaml-edit.ts") {
  return require("../core/yaml-edit.ts");
}

/** The other state: what is enabled becomes disabled. */
export function toggled(document: Json, key: string): Edit[] {
  const { path, flag } = flagOf(document, key);
  return [{ path: [...path, "state"], value: flag.state === "DISABLED" ? "ENABLED" : "DISABLED" }];
}

export function deleted(document: Json, keys: readonly string[]): Edit[] {
  const paths = keys.map((key) => flagOf(document, key).path);
  // From the end of a list, so that those before keep their places.
  const place = ([, step]: readonly EditStep[]) => (typeof step === "number" ? step : 0);
  return paths.sort((a, b) => place(b) - place(a)).map((path) => ({ path, value: undefined }));
}

/**
 * Members of a flag set, by paths within it: `["variants", "loud"]`. A flag that does not exist yet is made.
 * @throws EditError for a path through what is no object
 */
export function withMembers(
  document: Json,
  key: string,
  members: readonly { readonly path: readonly string[]; readonly value: Json }[],
): Edit[] {
  const found = findFlag(document, key);
  if (found === undefined) {
    const flag: Record<string, Json> = { state: "ENABLED" };
    for (const { path, value } of members) place(flag, path, value, key);
    const { flags } = document as { readonly flags?: Json };
    if (isArray(flags)) return [{ path: ["flags", flags.length], value: { key, ...flag } }];
    return [{ path: ["flags", key], value: flag }];
  }
  const flag = structuredClone(found.flag) as Record<string, Json>;
  return members.map(({ path, value }) => {
    const edit = memberEdit(flag, path, value, key);
    place(flag, path, value, key);
    return { path: [...found.path, ...edit.path], value: edit.value };
  });
}

/** The first object on the way that is not there yet is made as a whole. */
function memberEdit(
  flag: Readonly<Record<string, Json>>,
  path: readonly string[],
  value: Json,
  key: string,
): Edit {
  let parent: Json = flag;
  for (const [depth, name] of path.slice(0, -1).entries()) {
    const next: Json | undefined = own(parent, name);
    if (next === undefined || next === null) {
      const made: Record<string, Json> = {};
      place(made, path.slice(depth + 1), value, key);
      return { path: path.slice(0, depth + 1), value: made };
    }
    if (!isObject(next)) throw noObject(key, path.slice(0, depth + 1));
    parent = next;
  }
  return { path, value };
}

function place(
  object: Record<string, Json>,
  path: readonly string[],
  value: Json,
  key: string,
): void {
  const [name = "", ...rest] = path;
  if (rest.length === 0) {
    object[name] = value;
    return;
  }
  const inner = object[name] ?? {};
  if (!isObject(inner)) throw noObject(key, [name]);
  const made = { ...inner };
  object[name] = made;
  place(made, rest, value, key);
}

function noObject(key: string, path: readonly string[]): EditError {
  return new EditError(`flag ${quote(key)}: ${path.join(".")} is no object`);
}

function flagOf(document: Json, key: string): FoundFlag {
  const found = findFlag(document, key);
  if (found) return found;
  throw new EditError(`there is no flag ${quote(key)}${didYouMean(key, keysOf(document), quote)}`);
}

interface FoundFlag {
  readonly path: readonly EditStep[];
  readonly flag: Readonly<Record<string, Json>>;
}

/** In either form of a document: flags by their keys, or in a list. Of several in a list the last one counts. */
function findFlag(document: Json, key: string): FoundFlag | undefined {
  const flags = own(document, "flags");
  if (isArray(flags)) {
    const index = flags.findLastIndex((flag) => own(flag, "key") === key);
    const flag = flags[index];
    return flag !== undefined && isObject(flag) ? { path: ["flags", index], flag } : undefined;
  }
  const flag = own(flags ?? null, key);
  return flag !== undefined && isObject(flag) ? { path: ["flags", key], flag } : undefined;
}

/** The keys of all flags, as they stand in the document. */
export function keysOf(document: Json): string[] {
  const flags = own(document, "flags") ?? null;
  if (isObject(flags)) return Object.keys(flags);
  if (!isArray(flags)) return [];
  return flags.map((flag) => own(flag, "key")).filter((key) => typeof key === "string");
}

function own(value: Json, name: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
