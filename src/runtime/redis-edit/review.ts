import { checkTargeting } from "../../evaluation/rule/check.ts";
import { canonicalFlag } from "../../flags/canonical.ts";
import { type InspectedDocument, inspectDocument } from "../../flags/document.ts";
import { kindOfFinding } from "../../flags/finding-table.ts";
import { formatPath } from "../../flags/findings.ts";
import type { FlagDefinition } from "../../flags/model.ts";
import type { FoundThing } from "../../flags/places.ts";
import type { FlagChange } from "../../store/diff.ts";

/** What a change of a document does, and what is wrong with it. */
export interface Review {
  /** By key. */
  readonly changes: readonly FlagChange[];
  /** What keeps daemons from loading the new document. */
  readonly errors: readonly string[];
  /** What the old document did not have. */
  readonly warnings: readonly string[];
}

/** Pure. @param before undefined: there was none */
export function review(before: string | undefined, after: string): Review {
  const old = before === undefined ? undefined : inspect(before);
  const next = inspect(after);
  const known = new Set(old?.findings.map(identity));
  const lines = (severity: "error" | "warning") =>
    next.findings
      .filter(({ code }) => kindOfFinding(code).severity === severity)
      .filter((finding) => severity === "error" || !known.has(identity(finding)))
      .map(({ path, reason, code }) => `${severity}: ${formatPath(path)}: ${reason} [${code}]`);
  return {
    changes: changesOf(old?.flagSet?.flags ?? [], next.flagSet?.flags ?? []),
    errors: lines("error"),
    warnings: lines("warning"),
  };
}

function inspect(document: string): InspectedDocument {
  return inspectDocument(document, { format: "any", checkTargeting });
}

function identity({ code, path, reason }: FoundThing): string {
  return JSON.stringify([code, path, reason]);
}

function changesOf(
  before: readonly FlagDefinition[],
  after: readonly FlagDefinition[],
): FlagChange[] {
  const [old, next] = [before, after].map(
    (flags) =>
      new Map(flags.map((flag) => [JSON.stringify([flag.flagSetId, flag.key]), flag] as const)),
  );
  const ids = [...new Set([...(old?.keys() ?? []), ...(next?.keys() ?? [])])];
  return ids
    .flatMap((id): FlagChange[] => {
      const [a, b] = [old?.get(id), next?.get(id)];
      const [from, to] = [a, b].map((flag) => flag && canonicalFlag(flag, ""));
      if (from === to) return [];
      return [{ key: (b ?? a)?.key ?? "", before: from, after: to }];
    })
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}
