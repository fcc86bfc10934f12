import { messageOf } from "../../core/errors.ts";
import { checkTargeting } from "../../evaluation/rule/check.ts";
import { type InspectedDocument, inspectDocument } from "../../flags/document.ts";
import {
  type FindingCode,
  type FindingSeverity,
  kindOfFinding,
} from "../../flags/finding-table.ts";
import { type Finding, formatPath } from "../../flags/findings.ts";
import type { FlagDefinition } from "../../flags/model.ts";
import type { FoundThing } from "../../flags/places.ts";
import { compileAsUsual } from "../compilation.ts";
import type { SourceDocument } from "../read-source.ts";

/** In longer documents the same code runs so often that compiling it early is worth it. */
const longDocument = 256 * 1024;

/** One source to validate. */
export interface Candidate {
  /** As it was given, without what may be secret. */
  readonly source: string;
  readonly file: string | undefined;
  /** One of the files of a folder, which need not be for one daemon. */
  readonly oneOfMany: boolean;
  /** Of a file, in bytes. */
  readonly size?: number;
  /** @throws Error saying why it cannot be read */
  readonly read: () => Promise<SourceDocument>;
}

/** Reads and checks documents, in the order of their priority, the last one first of all. */
export async function validate(
  candidates: readonly Candidate[],
  skipped: number,
  options: {
    /** Differences between providers are warnings. */
    readonly portability: boolean;
    /** Look for what is neither an error nor a warning, too. */
    readonly inform: boolean;
  },
): Promise<Report> {
  const severityOf = (code: FindingCode) => {
    const kind = kindOfFinding(code);
    return options.portability && kind.portability ? "warning" : kind.severity;
  };
  const seen: SeenDocument[] = [];
  const documents: DocumentReport[] = [];
  for (const { source, file, oneOfMany, read } of candidates) {
    let found: SourceDocument;
    try {
      found = await read();
    } catch (error) {
      documents.push({ source, file, flags: 0, findings: [unreadable(error)], more: none });
      continue;
    }
    const { document, format, problems = [] } = found;
    if (document.length > longDocument) compileAsUsual();
    const inspected = inspectDocument(document, {
      format,
      checkTargeting,
      inform: options.inform,
    });
    const findings = [
      ...problems.map(({ path, reason }) => reported({ path, reason })),
      ...inspected.findings.map((finding) => toReported(finding, severityOf(finding.code))),
    ];
    const flags = inspected.flagSet?.flags ?? [];
    if (!oneOfMany) seen.push({ source, flags, findings, locate: inspected.locate });
    documents.push({ source, file, flags: flags.length, findings, more: inspected.more });
  }
  if (options.inform && seen.length > 1) informOfShadowed(seen);
  return reportOf(documents, skipped);
}

function toReported(
  { code, path, reason, place }: FoundThing,
  severity: ReportedFinding["severity"],
): ReportedFinding {
  return { code, severity, path: formatPath(path), ...place, message: reason };
}

/** What a source itself found. */
function reported({ path, reason }: { path: string; reason: string }): ReportedFinding {
  return { code: "syntax", severity: "error", path, line: 1, column: 1, message: reason };
}

function unreadable(error: unknown): ReportedFinding {
  const message = messageOf(error);
  return { code: "unreadable", severity: "error", path: "$", line: 1, column: 1, message };
}

interface SeenDocument {
  readonly source: string;
  readonly flags: readonly FlagDefinition[];
  readonly findings: ReportedFinding[];
  readonly locate: InspectedDocument["locate"];
}

/** Tells of each flag that a later source has priority. */
function informOfShadowed(documents: readonly SeenDocument[]): void {
  const by = new Map<string, string>();
  for (const { source, flags, findings, locate } of documents.toReversed()) {
    const shadowed: Finding[] = [];
    for (const { key, flagSetId = "" } of flags) {
      const id = JSON.stringify([flagSetId, key]);
      const other = by.get(id);
      if (other === undefined) by.set(id, source);
      else {
        const reason = `${other} defines this flag too, and has priority: keep one of them`;
        shadowed.push({ code: "shadowed-flag", path: ["flags", key], reason, place: undefined });
      }
    }
    if (shadowed.length === 0) continue;
    findings.push(...locate(shadowed).map((finding) => toReported(finding, "information")));
    findings.sort((a, b) => a.line - b.line || a.column - b.column);
  }
}

const none = { error: 0, warning: 0, information: 0 };

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
  /** Findings that were left out, for there are too many, by their severity. */
  readonly more: InspectedDocument["more"];
}

/** What was found in all documents. */
export interface Report {
  readonly documents: readonly DocumentReport[];
  /** Files of folders that are no flag documents. */
  readonly skipped: number;
  /** Those that were left out are counted, too. */
  readonly errors: number;
  readonly warnings: number;
  readonly information: number;
}

export function reportOf(documents: readonly DocumentReport[], skipped: number): Report {
  const count = (wanted: FindingSeverity) =>
    documents.reduce(
      (sum, { findings, more }) =>
        sum + findings.filter(({ severity }) => severity === wanted).length + more[wanted],
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
