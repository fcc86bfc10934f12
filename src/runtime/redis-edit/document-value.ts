import { isArray, isObject, type Json, type JsonObject, kindOf } from "../../core/json.ts";
import { parseText } from "../../flags/document-text.ts";
import { EditError } from "../../flags/edit-document.ts";
import { FindingList } from "../../flags/findings.ts";
import { documentFields } from "../../sources/redis/hash-reader.ts";
import type { WholeDocument } from "../../sources/redis/stored-flags.ts";

/**
 * What a document's text means, references as they are written.
 * @throws EditError for what is neither JSON nor YAML
 */
export function documentValue(text: string): Json {
  const [problems, warnings] = [new FindingList(), new FindingList()];
  const parsed = parseText(text, "any", { problems, warnings, information: undefined });
  if (parsed) return parsed.value as Json;
  const [problem] = problems.findings;
  throw new EditError(`the flags cannot be read: ${problem?.reason ?? "unknown format"}`);
}

/**
 * What a stored document means.
 * @throws EditError for what has no place for a flag
 */
export function storedValue(text: string): JsonObject {
  const value = documentValue(text);
  if (isObject(value)) return value;
  const advice = "flagd redis push FILE replaces it";
  throw new EditError(`the key holds ${kindOf(value)}, no flag document: ${advice}`);
}

/** The parts of a document that a hash has fields for; a flag without a key has none. */
export function partsOf(document: Json): WholeDocument {
  const parts = new Map<string, string>();
  if (!isObject(document)) return parts;
  const flags = document.flags ?? {};
  if (isObject(flags)) {
    for (const [key, flag] of Object.entries(flags)) parts.set(key, JSON.stringify(flag));
  } else if (isArray(flags)) {
    for (const flag of flags) {
      if (!isObject(flag)) continue;
      const { key, ...members } = flag;
      if (typeof key === "string" && key !== "") parts.set(key, JSON.stringify(members));
    }
  }
  for (const name of documentFields) {
    if (parts.has(name)) throw new EditError(`a hash has no place for a flag named ${name}`);
    const value = document[name];
    if (value !== undefined) parts.set(name, JSON.stringify(value));
  }
  return parts;
}
