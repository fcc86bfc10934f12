/** What a comparison found, for people. */

export interface Finding {
  readonly summary: string;
  readonly details: string;
}

export interface Result {
  readonly documents: number;
  /** Documents that both rejected. */
  readonly rejected: number;
  readonly requests: number;
  readonly same: number;
  /** By the name of the rule: how often it explained a difference. */
  readonly known: ReadonlyMap<string, number>;
  /** By kind. */
  readonly unknown: ReadonlyMap<string, readonly Finding[]>;
}

export class Findings implements Result {
  documents = 0;
  rejected = 0;
  requests = 0;
  same = 0;
  readonly known = new Map<string, number>();
  readonly unknown = new Map<string, Finding[]>();

  /** @param rule that explains the difference; undefined: none does. */
  note(kind: string, rule: string | undefined, finding: () => Finding): void {
    if (rule !== undefined) this.explained(rule);
    else this.unknown.set(kind, [...(this.unknown.get(kind) ?? []), finding()]);
  }

  explained(rule: string): void {
    this.known.set(rule, (this.known.get(rule) ?? 0) + 1);
  }
}

/** Findings of one kind that are shown in full. */
const shown = 3;

export function summary(result: Result): string {
  const { documents, rejected, requests, same, known, unknown } = result;
  const lines: string[] = [];
  for (const [kind, findings] of [...unknown].sort()) {
    lines.push(`── ${kind}: ${findings.length} unexplained`);
    for (const { summary, details } of findings.slice(0, shown)) lines.push(summary, details, "");
  }
  lines.push(`${documents} documents, of which both reject ${rejected}`);
  lines.push(`${requests} requests, of which ${same} are answered alike`);
  for (const [name, times] of [...known].sort()) lines.push(`meant: ${name}: ${times}`);
  for (const [kind, all] of [...unknown].sort()) lines.push(`NOT MEANT: ${kind}: ${all.length}`);
  return lines.join("\n");
}
