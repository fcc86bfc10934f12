import { atOnce } from "../../../src/core/turns.ts";
import { checkTargeting } from "../../../src/evaluation/rule/check.ts";
import { parseDocument } from "../../../src/flags/document.ts";
import type { DocumentFormat, FlagDefinition, Problem } from "../../../src/flags/model.ts";

type Document = string | Uint8Array | object;

function parse(document: Document, format: DocumentFormat, strict: boolean) {
  const text =
    typeof document === "string" || document instanceof Uint8Array
      ? document
      : JSON.stringify(document);
  return parseDocument(text, { format, strict, checkTargeting });
}

/** What an accepted document defines. */
export function accepted(document: Document, format: DocumentFormat = "json") {
  const parsed = parse(document, format, false);
  if (!parsed.ok) throw new Error(`rejected: ${JSON.stringify(parsed.problems)}`);
  return {
    ...parsed,
    warnings: atOnce(parsed.warnings()),
    keys: parsed.flagSet.flags.map((flag) => flag.key),
  };
}

/** Why a document was rejected. */
export function rejected(
  document: Document,
  format: DocumentFormat = "json",
  strict = false,
): readonly Problem[] {
  const parsed = parse(document, format, strict);
  if (parsed.ok) throw new Error("accepted");
  return parsed.problems;
}

/** The only flag of a document that has just this one. */
export function onlyFlag(document: Document, format: DocumentFormat = "json"): FlagDefinition {
  const [flag, ...others] = accepted(document, format).flagSet.flags;
  if (flag === undefined || others.length > 0) throw new Error("not one flag");
  return flag;
}

/** A flag that gives no warning. */
export const plain = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "on" };
