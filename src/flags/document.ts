import { atOnce } from "../core/turns.ts";
import type { CheckedFlags } from "./checked-flags.ts";
import type { CheckTargeting } from "./document-schema.ts";
import { parseText } from "./document-text.ts";
import type { FindingSeverity } from "./finding-table.ts";
import { type Finding, FindingList } from "./findings.ts";
import { decodeFlagSet } from "./flag-set.ts";
import { flagSpecOf, flagSpecPath, onlyManifest } from "./manifest.ts";
import type { DocumentFormat, FlagSet, ParsedDocument, Problem } from "./model.ts";
import { type FoundThing, locate } from "./places.ts";

/**
 * Reads a flag document as a whole: what it defines, or everything that is wrong with it. Pure, and
 * throws nothing.
 *
 * Rejected is what has no meaning as flags (syntax, types, a default variant that is no variant,
 * boundless size or depth). What only departs from flagd's JSON Schema, or a rule that cannot mean what it says,
 * gives warnings, and so does a reference that leads nowhere; with `strict` these are rejected too.
 * What takes as long as reading did is checked when the warnings are asked for.
 * @param document UTF-8 or text.
 */
export function parseDocument(
  document: Uint8Array | string,
  options: {
    readonly format: DocumentFormat;
    readonly strict: boolean;
    readonly checkTargeting: CheckTargeting;
    /** Look for what is neither an error nor a warning, too. */
    readonly inform?: boolean;
    /** What is remembered of the document before. */
    readonly checked?: CheckedFlags;
  },
): ParsedDocument {
  const problems = new FindingList();
  const warnings = options.strict ? problems : new FindingList();
  const information = options.inform ? new FindingList() : undefined;
  const findings = { problems, warnings, information };
  const parsed = parseText(document, options.format, findings);
  const { checkTargeting, checked } = options;
  const decoded = parsed && decodeFlagSet(parsed, findings, checkTargeting, checked);
  if (options.strict && decoded) atOnce(decoded.check());
  if (decoded === undefined || !problems.empty) return { ok: false, problems: problems.toArray() };
  let found: readonly Problem[] | undefined = options.strict ? [] : undefined;
  return {
    ok: true,
    flagSet: decoded.flagSet,
    *warnings() {
      if (found === undefined) {
        yield* decoded.check();
        found = warnings.toArray();
      }
      return found;
    },
    information: () => information?.toArray() ?? [],
  };
}

/** A document as tools for the people who write it see it. */
export interface InspectedDocument {
  /** Undefined: it would be rejected. */
  readonly flagSet: FlagSet | undefined;
  /** By their place in the text. */
  readonly findings: readonly FoundThing[];
  /** Findings that were left out, for there are too many, by their severity. */
  readonly more: Readonly<Record<FindingSeverity, number>>;
  /** The places of further findings about it, and these in their order. */
  locate(findings: readonly Finding[]): readonly FoundThing[];
}

/** Of each severity. */
const maxFindings = 1000;

/**
 * Looks for everything that can be found in a document, and where it is. A manifest of kind FeatureFlag is looked at
 * as the document in it. Pure, and throws nothing.
 */
export function inspectDocument(
  document: Uint8Array | string,
  options: {
    readonly format: DocumentFormat;
    readonly checkTargeting: CheckTargeting;
    /** Whether to look for what is neither an error nor a warning, too; the default is true. */
    readonly inform?: boolean;
  },
): InspectedDocument {
  const [problems, warnings, information] = [0, 1, 2].map(() => new FindingList(maxFindings)) as [
    FindingList,
    FindingList,
    FindingList,
  ];
  const informed = options.inform === false ? undefined : information;
  const findings = { problems, warnings, information: informed };
  const parsed = parseText(onlyManifest(document), options.format, findings);
  const flagSpec = flagSpecOf(parsed?.value);
  const root = flagSpec === undefined ? [] : flagSpecPath;
  const flags = parsed && flagSpec !== undefined ? { ...parsed, value: flagSpec } : parsed;
  const decoded = flags && decodeFlagSet(flags, findings, options.checkTargeting);
  if (decoded) atOnce(decoded.check());
  // What has a place already was found in the text as a whole.
  const inText = (found: readonly Finding[]) =>
    found.map((finding) =>
      finding.place === undefined ? { ...finding, path: [...root, ...finding.path] } : finding,
    );
  const all = [problems, warnings, information].flatMap((list) => list.findings);
  return {
    flagSet: problems.empty ? decoded?.flagSet : undefined,
    findings: locate(inText(all), parsed),
    locate: (findings) => locate(inText(findings), parsed),
    more: { error: problems.more, warning: warnings.more, information: information.more },
  };
}
