import type { JsonObject } from "../../../src/core/json.ts";
import { prepareFlag } from "../../../src/evaluation/prepare.ts";
import { checkTargeting } from "../../../src/evaluation/rule/check.ts";
import { parseDocument } from "../../../src/flags/document.ts";

/**
 * The variant that a flag of a document gives, at a moment; `–`: the application's own default.
 * @throws Error if the document is rejected, has no such flag, or the evaluation fails
 */
export function answerOf(document: string, key: string, context: JsonObject, at?: string): string {
  const parsed = parseDocument(document, { format: "any", strict: true, checkTargeting });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const definition = parsed.flagSet.flags.find((flag) => flag.key === key);
  if (definition === undefined) throw new Error(`there is no flag ${key}`);
  const now = () => Date.parse(at ?? "2026-01-01T00:00:00Z");
  const flag = prepareFlag(definition, { now, fractional: "v2", report() {} });
  const { variant = "–", errorCode } = flag.evaluate({ ...context });
  if (errorCode !== undefined) throw new Error(`${key} is ${errorCode}`);
  return variant;
}
