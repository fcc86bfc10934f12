import { buildInfo } from "../../core/build-info.ts";
import { type FindingKind, findingTable } from "../../flags/finding-table.ts";
import type { Report, ReportedFinding } from "./report.ts";

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
