import { maxTimerMs } from "../../core/clock.ts";
import { quote } from "../../core/message-text.ts";
import { type Kind, scalarText, ValueError } from "./kind.ts";

const milliseconds: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const part = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;
const maxDurationMs = 2 ** 63 * 1e-6;

/**
 * Milliseconds of a duration as Go writes them: numbers with units, added up (`1h30m`, `1.5s`).
 * A number needs its unit, only `0` may stand alone.
 * @throws ValueError
 */
export function parseDuration(text: string): number {
  if (text === "0") return 0;
  let total = 0;
  part.lastIndex = 0;
  let read = 0;
  for (let match = part.exec(text); match; match = part.exec(text)) {
    total += Number(match[1]) * (milliseconds[match[2] ?? ""] ?? 0);
    read = part.lastIndex;
  }
  if (text === "" || read < text.length) throw new ValueError(complaint(text));
  if (total > maxDurationMs) throw new ValueError(`${quote(text)} is longer than 292 years`);
  return total;
}

function complaint(text: string): string {
  if (/^\d+(\.\d+)?$/.test(text)) {
    return `missing unit in duration ${quote(text)}: write ${text}s, ${text}ms or ${text}m`;
  }
  if (text.startsWith("-")) return `${quote(text)} is negative`;
  return `${quote(text)} is not a duration: expected numbers with units, such as 500ms, 5s or 1m30s`;
}

/** `90000` → `1m30s`. */
export function formatDuration(ms: number): string {
  let rest = ms;
  let text = "";
  for (const unit of ["h", "m", "s", "ms", "us", "ns"]) {
    const size = milliseconds[unit] ?? 1;
    const count = unit === "ns" ? Math.round(rest / size) : Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text || "0s";
}

/** A value in milliseconds, no longer than a timer waits. */
export const duration: Kind<number> = {
  hint: "duration",
  fromText: forTimer,
  fromFile: (value) => forTimer(scalarText(value)),
  show: formatDuration,
};

function forTimer(text: string): number {
  return Math.min(parseDuration(text), maxTimerMs);
}

/** More than no time. */
export const positiveDuration: Kind<number> = {
  ...duration,
  fromText: positive,
  fromFile: (value) => positive(scalarText(value)),
};

function positive(text: string): number {
  const ms = forTimer(text);
  if (ms > 0) return ms;
  throw new ValueError(`${quote(text)} is not greater than 0s`);
}

/** A moment in milliseconds since 1970: Unix seconds as rules have them, or ISO 8601. Undefined: now. */
export const time: Kind<number | undefined> = {
  hint: "time",
  fromText(text) {
    if (/^\d{1,11}$/.test(text)) return Number(text) * 1000;
    const milliseconds = /^\d{4}-\d\d(-|$)/.test(text) ? Date.parse(text) : Number.NaN;
    if (!Number.isNaN(milliseconds)) return milliseconds;
    throw new ValueError(
      `${quote(text)} is neither Unix seconds nor a date and time like 2026-03-01T09:00:00Z`,
    );
  },
  fromFile: (value) => time.fromText(scalarText(value)),
  show: () => "",
};
