import type { FindingCode, FindingSeverity } from "../../flags/finding-table.ts";

/** One finding as people and programs get it. */
export interface ReportedFinding {
  readonly code: FindingCode | "unreadable";
  readonly severity: FindingSeverity;
  /** As a JSON path: `$.flags.banner.variants`. */
  readonly path: string;
  /** Both from 1, in the text that the source has; of what was never read 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** What was found in one document. */
export interface DocumentReport {
  /** The path of a file as it was given, `standard input`, or the URI without what may be secret. */
  readonly source: string;
  /** Undefined: what comes from elsewhere. */
  readonly file: string | undefined;
  readonly flags: number;
  readonly findings: readonly ReportedFinding[];
  /** Findings that were left out, for there are too many. */
  readonly more: number;
}

/** What was found in all documents. */
export interface Report {
  readonly documents: readonly DocumentReport[];
  /** Files of folders that are no flag documents. */
  readonly skipped: number;
  readonly errors: number;
  readonly warnings: number;
  readonly information: number;
}

export function reportOf(documents: readonly DocumentReport[], skipped: number): Report {
  const count = (wanted: FindingSeverity) =>
    documents.reduce(
      (sum, { findings }) => sum + findings.filter(({ severity }) => severity === wanted).length,
      0,
    );
  return {
    documents,
    skipped,
    errors: count("error"),
    warnings: count("warning"),
    information: count("information"),
  };
}
