import { atOnce } from "../core/steps.ts";
import { FindingList } from "./findings.ts";
import { decodeFlagSet } from "./flag-set.ts";
import type { DocumentFormat, ParsedDocument, Problem } from "./model.ts";
import type { CheckTargeting } from "./schema.ts";
import { parseText } from "./text.ts";

/**
 * Reads a flag document as a whole: what it defines, or everything that is wrong with it. Pure, and
 * throws nothing.
 *
 * Rejected is what has no meaning as flags (syntax, types, a default variant that is no variant,
 * boundless size or depth). What only departs from flagd's JSON Schema gives warnings, and so does a
 * reference that leads nowhere, a fault of the rules that use it; with `strict` these are rejected too.
 * What takes as long as reading did, the schema, is checked when the warnings are asked for.
 * @param document UTF-8 or text.
 */
export function parseDocument(
  document: Uint8Array | string,
  options: {
    readonly format: DocumentFormat;
    readonly strict: boolean;
    readonly checkTargeting: CheckTargeting;
  },
): ParsedDocument {
  const problems = new FindingList();
  const warnings = options.strict ? problems : new FindingList();
  const findings = { problems, warnings };
  const parsed = parseText(document, options.format, findings);
  const decoded = parsed && decodeFlagSet(parsed, findings, options.checkTargeting);
  if (options.strict && decoded) atOnce(decoded.checkSchema());
  if (decoded === undefined || !problems.empty) return { ok: false, problems: problems.toArray() };
  let found: readonly Problem[] | undefined = options.strict ? [] : undefined;
  return {
    ok: true,
    flagSet: decoded.flagSet,
    *warnings() {
      if (found === undefined) {
        yield* decoded.checkSchema();
        found = warnings.toArray();
      }
      return found;
    },
  };
}
