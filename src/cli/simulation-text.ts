import { preview, visible } from "../core/message-text.ts";
import type { Comparison, Result, Share } from "../evaluation/simulate.ts";
import type { SimulationResult } from "../runtime/evaluate/run-simulation.ts";
import { percent } from "./evaluate-output.ts";
import type { Palette } from "./io.ts";

/** Moves that are shown; the others are counted. */
const maxMoves = 20;
const barWidth = 30;

/** A simulation for people. */
export function simulationText(result: SimulationResult, to: Palette): string {
  const { key, keys, fractional, overTime, otherFractional, against } = result;
  const lines = [
    `${to.bold(visible(key))} for ${counted(keys, "key")}`,
    ...shareLines(result.distribution, keys, to),
  ];
  if (overTime.length > 0) {
    lines.push("", to.bold("over time"));
    for (const { time, distribution } of overTime) {
      const shares = distribution.map((share) => `${nameOf(share)} ${percent(share.count, keys)}`);
      lines.push(
        `  ${new Date(time * 1000).toISOString().replace(".000Z", "Z")}  ${shares.join("  ")}`,
      );
    }
  }
  if (otherFractional) {
    const { version } = otherFractional;
    lines.push(
      "",
      ...comparisonLines(
        `fractional ${version} instead of ${fractional}`,
        otherFractional,
        keys,
        to,
      ),
    );
  }
  if (against) {
    lines.push("", ...comparisonLines(`${visible(against.source)} instead`, against, keys, to));
  }
  return `${lines.join("\n")}\n`;
}

function shareLines(shares: readonly Share[], keys: number, to: Palette): string[] {
  const names = shares.map(nameOf);
  const width = Math.max(0, ...names.map((name) => name.length));
  const digits = String(keys).length;
  return shares.map((share, i) => {
    const bar = "█".repeat(Math.round((share.count / keys) * barWidth));
    const count = String(share.count).padStart(digits);
    const line = `  ${(names[i] ?? "").padEnd(width)}  ${count}  ${percent(share.count, keys).padStart(6)}`;
    return `${line}  ${to.cyan(bar)}`.trimEnd();
  });
}

function comparisonLines(
  title: string,
  { after, moves, same }: Comparison,
  keys: number,
  to: Palette,
): string[] {
  const moved = keys - same;
  const summary =
    moved === 0
      ? "nobody gets another answer"
      : `${counted(moved, "key")} of ${keys} (${percent(moved, keys)}) ${moved === 1 ? "gets" : "get"} another answer`;
  const more = moves.length - maxMoves;
  return [
    to.bold(title),
    ...shareLines(after, keys, to),
    `  ${summary}`,
    ...moves.slice(0, maxMoves).map(({ from, to: end, count, keys: some }) => {
      const [left, right] =
        from.variant === end.variant
          ? [withValue(from), withValue(end)]
          : [nameOf(from), nameOf(end)];
      const shown = some.map((key) => visible(key)).join(", ");
      return `    ${left} → ${right}  ${count}  ${to.dim(shown + (count > some.length ? ", …" : ""))}`;
    }),
    ...(more > 0 ? [`    and ${more} more kinds of change`] : []),
  ];
}

function nameOf({ variant, errorCode }: Result): string {
  if (errorCode !== undefined) return errorCode;
  return variant === undefined ? "caller's default" : visible(variant);
}

/** Of one variant with two values. */
function withValue(result: Result): string {
  return result.value === undefined
    ? nameOf(result)
    : `${nameOf(result)} = ${preview(result.value, 40)}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
