/** As https://jsonlogic.com/truthy: JavaScript's, but the empty array is false. */
export function truthy(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}
