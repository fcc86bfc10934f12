import type { Json } from "../core/json.ts";

/** The JSON type of a value. */
export type Kind = "boolean" | "string" | "number" | "object" | "array" | "null";

export function kindOf(value: Json): Kind {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  const kind = typeof value;
  if (kind === "boolean" || kind === "string" || kind === "number") return kind;
  return "object";
}
