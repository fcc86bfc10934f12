import {
  inByteOrder,
  inByteOrderThroughout,
  isObject,
  type Json,
  type JsonObject,
  kindOf,
} from "../core/json.ts";
import type { Findings, Path } from "./findings.ts";

/**
 * Metadata of one level, document or flag: an object, or undefined if there is none.
 * @param of the path of what it is the metadata of.
 */
export function decodeMetadata(
  value: Json | undefined,
  of: Path,
  { problems, warnings }: Findings,
): JsonObject | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) {
    problems.add("type", [...of, "metadata"], `expected an object, found ${kindOf(value)}`);
    return undefined;
  }
  for (const name of Object.keys(value)) {
    const member = value[name] ?? null;
    if (typeof member !== "object") continue;
    const kinds = "a string, a number or a boolean";
    warnings.add(
      "metadata",
      [...of, "metadata", name],
      `expected ${kinds}, found ${kindOf(member)}`,
    );
  }
  if (value.flagSetId === "") {
    const reason = "flags with an empty flagSetId are ignored";
    warnings.add("metadata", [...of, "metadata", "flagSetId"], reason);
  }
  return inByteOrderThroughout(value);
}

/** Document metadata overlaid by flag metadata, member by member. */
export function mergeMetadata(
  document: JsonObject | undefined,
  flag: JsonObject | undefined,
): JsonObject | undefined {
  if (document === undefined || flag === undefined) return flag ?? document;
  return inByteOrder({ ...document, ...flag });
}

/** The flag set that metadata names: undefined for none, `""` for one that is not stored. */
export function flagSetIdOf(metadata: JsonObject | undefined): string | undefined {
  const id = metadata?.flagSetId;
  return typeof id === "string" ? id : undefined;
}
