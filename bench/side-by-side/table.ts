/** Lines of a Markdown table: what was measured, a cell for each contender, the ratio, the target. */
import { median } from "./statistics.ts";

export interface Line {
  readonly work: string;
  /** One for each contender, ours first; fewer where there is nothing to say of the others. */
  readonly cells: readonly string[];
  /** How many times better ours is than the other; undefined where there is nothing to compare. */
  readonly ratio?: number | undefined;
  /** What is wanted, as text: a ratio, or a number of ours. */
  readonly target?: string | undefined;
  /** Cells of further columns, as many as the table has names for them, for each contender. */
  readonly details?: readonly (readonly string[])[];
}

/** @param details what the lines' `details` are; each becomes a column for each contender */
export function table(
  names: readonly string[],
  lines: readonly Line[],
  details: readonly string[] = [],
): string {
  const head = [
    ...["work", ...names, "ratio", "target"],
    ...details.flatMap((detail) => names.map((name) => `${detail}, ${name}`)),
  ];
  const rows = [
    head,
    head.map(() => "---"),
    ...lines.map((line) => [
      line.work,
      ...names.map((_, i) => line.cells[i] ?? "–"),
      formatRatio(line.ratio),
      line.target ?? "",
      ...details.flatMap((_, i) => names.map((_, j) => line.details?.[i]?.[j] ?? "–")),
    ]),
  ];
  return rows.map((row) => `| ${row.map(oneCell).join(" | ")} |`).join("\n");
}

/** What is wanted beside what was got, where a measurement failed. */
export function failedLine(work: string, error: unknown): Line {
  const message = error instanceof Error ? error.message : `${error}`;
  return { work, cells: [`**failed:** ${message.slice(0, 200)}`] };
}

/**
 * The medians of what `pick` takes from each contender's results, of which smaller is better.
 * @param results those of each contender
 */
export function medianLine<Result>(
  work: string,
  results: readonly (readonly Result[])[],
  pick: (result: Result) => number,
  format: (value: number) => string,
  target?: string,
): Line {
  const medians = results.map((rounds) => median(rounds.map(pick)));
  return { work, cells: medians.map(format), ratio: ratioOf(medians), target };
}

/** How much smaller the first number is than the second, where there are two. */
export function ratioOf([ours, theirs]: readonly number[]): number | undefined {
  return ours === undefined || theirs === undefined ? undefined : theirs / ours;
}

function formatRatio(ratio: number | undefined): string {
  return ratio === undefined ? "" : `**${ratio.toPrecision(ratio < 10 ? 2 : 3)}×**`;
}

function oneCell(cell: string): string {
  return cell.replace(/\s+/g, " ").replaceAll("|", "\\|");
}

export const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
export const milliseconds = (ms: number) => `${ms.toFixed(ms < 10 ? 2 : 0)} ms`;
export const microseconds = (micros: number) =>
  `${micros < 1000 ? micros.toPrecision(3) : Math.round(micros).toLocaleString("en")} µs`;
