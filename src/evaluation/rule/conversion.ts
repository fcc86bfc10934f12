/** JavaScript's conversions, which are JsonLogic's, within the budget of the evaluation. */
import { charge, chargeText, isCostly } from "./budget.ts";

/** As https://jsonlogic.com/truthy: JavaScript's, but the empty array is false. */
export function truthy(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

/** `String(value)`. A list may hold itself many times over, so that its text is longer than all data. */
export function textOf(value: unknown): string {
  if (typeof value === "string") {
    chargeText(value.length);
    return value;
  }
  if (!Array.isArray(value)) return String(value);
  charge(value.length + 1);
  let text = "";
  for (let i = 0; i < value.length; i++) {
    if (i > 0) text += ",";
    const element: unknown = value[i];
    if (element !== null && element !== undefined) text += textOf(element);
  }
  chargeText(text.length);
  return text;
}

/** The value that operators such as `<` and `-` see: lists and objects are their texts. */
export function primitive(value: unknown): unknown {
  return isCostly(value) ? textOf(value) : value;
}

/** `a == b`; what is no list, object or long text should not come here, which takes longer. */
export function looselyEqual(a: unknown, b: unknown): boolean {
  const [left, right] = [isContainer(a), isContainer(b)];
  if (left && right) return a === b;
  if (a === null || a === undefined || b === null || b === undefined) return false;
  // biome-ignore lint/suspicious/noDoubleEquals: JsonLogic's == is JavaScript's
  return primitive(a) == primitive(b);
}

function isContainer(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
