import type { Findings, Path } from "./findings.ts";
import { inByteOrder, inByteOrderThroughout, isObject, kindOf } from "./json.ts";
import type { Json, JsonObject } from "./model.ts";

/** Metadata of one level, document or flag: an object, or undefined where there is none. */
export function decodeMetadata(
  value: Json | undefined,
  path: Path,
  { problems, warnings }: Findings,
): JsonObject | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) {
    problems.add(path, `expected an object, found ${kindOf(value)}`);
    return undefined;
  }
  for (const [name, member] of Object.entries(value)) {
    if (typeof member !== "object") continue;
    const kinds = "a string, a number or a boolean";
    warnings.add([...path, name], `expected ${kinds}, found ${kindOf(member)}`);
  }
  if (value.flagSetId === "") {
    warnings.add([...path, "flagSetId"], "flags whose flag set has an empty name are left out");
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
