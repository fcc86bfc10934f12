import { visible } from "../core/message-text.ts";
import type { HistoryEntry } from "../sources/redis/flag-history.ts";
import { describeChange, type FlagChange } from "../store/diff.ts";
import type { Palette } from "./io.ts";

/** Flags that are shown one by one. */
const maxShown = 50;
/** Reasons that are shown. */
const maxReasons = 20;

/** What changes, flag by flag. */
export function changesText(changes: readonly FlagChange[], to: Palette): string {
  if (changes.length === 0) return "no flag changes\n";
  const lines = changes.slice(0, maxShown).map((change) => {
    const line = visible(describeChange(change));
    if (change.before === undefined) return to.green(`+ ${line}`);
    return change.after === undefined ? to.red(`- ${line}`) : `${to.cyan("~")} ${line}`;
  });
  const more = changes.length - lines.length;
  return `${[...lines, ...(more > 0 ? [`… and ${more} more flags`] : [])].join("\n")}\n`;
}

/** The changes that are kept, in a table. */
export function historyText(entries: readonly HistoryEntry[], to: Palette): string {
  if (entries.length === 0) return "no change is kept\n";
  const rows = entries.map(({ time, user, change, message }, i) => [
    String(i + 1),
    time.replace(/\.\d+Z$/, "Z"),
    visible(user),
    visible(change),
    visible(message),
  ]);
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const widths = [0, 1, 2, 3].map((column) => Math.min(60, width(column)));
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
      return `${to.bold(cells[0] ?? "")}  ${cells.slice(1).join("  ").trimEnd()}\n`;
    })
    .join("");
}

/** Why a change is not written. */
export function withheldText(reasons: readonly string[]): string {
  const shown = reasons.slice(0, maxReasons);
  const more = reasons.length - shown.length;
  return ["the change is refused:", ...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
}
