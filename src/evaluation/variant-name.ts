import { compareBytes } from "../core/order.ts";
import { charge } from "./rule/budget.ts";

/**
 * The name of the variant that a targeting result stands for: the result as compact JSON with its
 * object members in byte order and every `"` removed. So a string names itself, except that a `"`
 * in it leaves the backslash that escapes it. Control characters are not escaped.
 * @throws BudgetError
 */
export function variantName(result: unknown): string {
  if (typeof result === "string") return result.replaceAll("\\", "\\\\").replaceAll('"', "\\");
  if (typeof result !== "object" || result === null) return String(result ?? null);
  // A list may hold another many times over, so that its text is longer than all data.
  charge(1);
  if (Array.isArray(result)) return `[${result.map(variantName).join(",")}]`;
  const members = Object.entries(result)
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([name, value]) => `${variantName(name)}:${variantName(value)}`);
  return `{${members.join(",")}}`;
}

/** True of variant names that only a result which is the very same string can stand for. */
export function isPlainName(name: string): boolean {
  return !/["\\]/.test(name);
}

/** True if the result is or holds NaN or an infinity, which JSON has no text for. */
export function hasNonFinite(result: unknown): boolean {
  if (typeof result === "number") return !Number.isFinite(result);
  if (typeof result !== "object" || result === null) return false;
  charge(1);
  return Object.values(result).some(hasNonFinite);
}
