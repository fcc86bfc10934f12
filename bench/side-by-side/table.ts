/** Lines of a Markdown table: what was measured, a cell for each contender, the ratio. */

export interface Line {
  readonly work: string;
  readonly cells: readonly string[];
  /** How many times better ours is than the other; undefined where there is nothing to compare. */
  readonly ratio: number | undefined;
}

export function table(names: readonly string[], lines: readonly Line[]): string {
  const rows = [
    ["work", ...names, "ratio"],
    ["---", ...names.map(() => "---"), "---"],
    ...lines.map(({ work, cells, ratio }) => [work, ...cells, formatRatio(ratio)]),
  ];
  return rows.map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function formatRatio(ratio: number | undefined): string {
  return ratio === undefined ? "" : `**${ratio.toPrecision(ratio < 10 ? 2 : 3)}×**`;
}

/** How much smaller the first number is than the second, where there are two. */
export function ratioOf([ours, theirs]: readonly number[]): number | undefined {
  return ours === undefined || theirs === undefined ? undefined : theirs / ours;
}

export const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
export const milliseconds = (ms: number) =>
  ms < 10 ? `${ms.toFixed(2)} ms` : `${ms.toFixed(0)} ms`;
