import { type FindingKind, findingTable } from "../src/flags/finding-table.ts";

/** The page about everything that can be found in a flag document, made of the table of findings. */
export function findingsReference(): string {
  return `# Findings

Everything that can be found in a flag document. How to look for it: [Checking flags](../guides/validate.md). This page is made
from the code by \`npx bun scripts/generate-docs.ts\`.

\`flagd validate\` shows each with its code, line and column. A daemon that gets such a document rejects it for errors and
writes warnings to its log; with \`--strict\` it rejects it for warnings, too. It shows what is for information only with
\`--debug\`.

## Errors

${table(({ severity }) => severity === "error")}

## Warnings

${table(({ severity }) => severity === "warning")}

## Information

${table(({ severity, portability }) => severity === "information" && !portability)}

## Portability

Rules whose answer depends on which provider evaluates them in process. Providers in rpc mode and OFREP clients get the
daemon's answer. These are information, and warnings with \`flagd validate --portability\`.

${table(({ portability = false }) => portability)}
`;
}

function table(wanted: (kind: FindingKind) => boolean): string {
  const rows = Object.entries<FindingKind>(findingTable)
    .filter(([, kind]) => wanted(kind))
    .map(([code, { about, advice }]) =>
      `| \`${code}\` | ${about} | ${advice} |`.replaceAll("||", "\\|\\|"),
    );
  return ["| code | what is wrong | what to write |", "|---|---|---|", ...rows].join("\n");
}
