import { visible } from "../../core/message-text.ts";
import { buildInfo } from "../../core/process-info.ts";
import { type FindingKind, findingTable } from "../../flags/finding-table.ts";
import type { Report, ReportedFinding } from "./validate.ts";

/** What a report is written as. */
export const reportFormats = ["text", "json", "github", "sarif"] as const;
export type ReportFormat = (typeof reportFormats)[number];

/** @param summary whether people want to know that all is well */
export function formatReport(report: Report, format: ReportFormat, summary: boolean): string {
  switch (format) {
    case "text":
      return text(report, summary);
    case "json":
      return `${JSON.stringify(report, null, 2)}\n`;
    case "github":
      return github(report);
    case "sarif":
      return `${JSON.stringify(sarif(report), null, 2)}\n`;
  }
}

function text(report: Report, summary: boolean): string {
  const { documents, skipped, errors, warnings, information } = report;
  const lines: string[] = [];
  for (const { source, findings, more } of documents) {
    for (const finding of findings) lines.push(textLine(source, finding));
    const left = more.error + more.warning + more.information;
    if (left > 0) lines.push(`${visible(source)}: and ${left} more`);
  }
  if (summary) {
    const flags = documents.reduce((sum, document) => sum + document.flags, 0);
    const found = [
      count(errors, "error"),
      count(warnings, "warning"),
      information > 0 ? `${information} for information` : "",
    ].filter((part) => part !== "");
    const what = `${count(documents.length, "document")}, ${count(flags, "flag")}`;
    const left = skipped > 0 ? `; ${count(skipped, "other file")} skipped` : "";
    lines.push(`${what}: ${found.join(", ")}${left}`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

function textLine(source: string, finding: ReportedFinding): string {
  const { line, column, severity, path, message, code } = finding;
  return visible(`${source}:${line}:${column}: ${severity}: ${path}: ${message} [${code}]`);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

const commands = { error: "error", warning: "warning", information: "notice" } as const;

/** Workflow commands, which GitHub shows beside the lines of a pull request. */
function github({ documents }: Report): string {
  const lines = documents.flatMap(({ source, file, findings }) =>
    findings.map(({ severity, line, column, code, path, message }) => {
      const place = file === undefined ? "" : `file=${property(file)},line=${line},col=${column},`;
      const told = file === undefined ? `${source}: ${path}: ${message}` : `${path}: ${message}`;
      return `::${commands[severity]} ${place}title=${property(code)}::${escapeData(told)}\n`;
    }),
  );
  return lines.join("");
}

/** See https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts */
function escapeData(value: string): string {
  return value.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(value: string): string {
  return escapeData(value).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

const levels = { error: "error", warning: "warning", information: "note" } as const;

const unreadable = {
  severity: "error",
  about: "The source cannot be read.",
  advice: "What the message says.",
} as const;

/** A log of SARIF 2.1.0, https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
export function sarif({ documents }: Report): object {
  const kinds = Object.entries<FindingKind>({ ...findingTable, unreadable });
  const rules = kinds.map(([id, { about, advice, severity }]) => ({
    id,
    shortDescription: { text: about.replaceAll("`", "") },
    help: { text: advice },
    defaultConfiguration: { level: levels[severity] },
  }));
  const indexes = new Map(rules.map(({ id }, index) => [id, index]));
  const result = (source: string, finding: ReportedFinding) => ({
    ruleId: finding.code,
    ruleIndex: indexes.get(finding.code) ?? 0,
    level: levels[finding.severity],
    message: { text: finding.message },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: encodeURI(source) },
          region: { startLine: finding.line, startColumn: finding.column },
        },
        logicalLocations: [{ fullyQualifiedName: finding.path }],
      },
    ],
  });
  return {
    version: "2.1.0",
    $schema:
      "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    runs: [
      {
        tool: { driver: { name: "flagd", version: buildInfo.version, rules } },
        columnKind: "utf16CodeUnits",
        results: documents.flatMap(({ source, file, findings }) =>
          findings.map((finding) => result(file ?? source, finding)),
        ),
      },
    ],
  };
}
