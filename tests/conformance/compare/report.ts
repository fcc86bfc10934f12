/** What a comparison found, for people. */

export interface Finding {
  readonly summary: string;
  readonly details: string;
}

export interface Result {
  readonly documents: number;
  readonly rejected: number;
  readonly requests: number;
  readonly same: number;
  /** By the name of the rule: how often it explained a difference. */
  readonly known: ReadonlyMap<string, number>;
  /** By kind. */
  readonly unknown: ReadonlyMap<string, readonly Finding[]>;
}

const shown = 3;

export function summary({ documents, rejected, requests, same, known, unknown }: Result): string {
  const lines: string[] = [];
  for (const [kind, findings] of [...unknown].sort()) {
    lines.push(`── ${kind}: ${findings.length} unexplained`);
    for (const { summary, details } of findings.slice(0, shown)) lines.push(summary, details, "");
  }
  lines.push(
    `${documents} documents (${rejected} rejected by both), ${requests} requests, ${same} answered alike`,
  );
  for (const [name, times] of [...known].sort()) lines.push(`known: ${name}: ${times}`);
  for (const [kind, findings] of [...unknown].sort())
    lines.push(`UNKNOWN: ${kind}: ${findings.length}`);
  return lines.join("\n");
}
