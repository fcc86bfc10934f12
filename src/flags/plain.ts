import type { Json } from "../core/json.ts";

/**
 * Whether a value that JSON.parse made has nothing to resolve and nothing wrong: no `$ref`, no number
 * beyond 64 bits, at most `levels` levels. Of nearly all documents this is true, and finding that out
 * takes a fraction of the time that going through them with a path does.
 */
export function isPlain(value: unknown, levels: number): value is Json {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  if (levels === 0) return false;
  const isList = Array.isArray(value);
  if (!isList && Object.hasOwn(value, "$ref")) return false;
  const members: readonly unknown[] = isList ? value : Object.values(value);
  for (let i = 0; i < members.length; i++) {
    const member = members[i];
    if (typeof member !== "string" && !isPlain(member, levels - 1)) return false;
  }
  return true;
}
