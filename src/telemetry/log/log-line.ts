import type { LogFields, LogLevel } from "../../core/log.ts";
import { escapeControls, redactedJson, visible } from "../../core/message-text.ts";

export interface LogEntry {
  readonly level: LogLevel;
  readonly time: Date;
  readonly message: string;
  readonly fields: LogFields;
}

const reset = "\x1b[0m";
const dim = "\x1b[2m";
const colors: Readonly<Record<LogLevel, string>> = {
  debug: "\x1b[90m",
  info: "\x1b[36m",
  warn: "\x1b[33m",
  error: "\x1b[31m",
  fatal: "\x1b[1;31m",
};

/** One JSON object: `level`, `ts` (ISO 8601, milliseconds, UTC), `msg`, then the fields. */
export function jsonLine({ level, time, message, fields }: LogEntry): string {
  const head = { level, ts: time.toISOString(), msg: message };
  return escapeControls(redactedJson({ ...head, ...fields, ...head }));
}

/** `2026-11-23T08:56:02.690Z INFO  message  key=value`, for people. */
export function plainLine({ level, time, message, fields }: LogEntry): string {
  const line = `${time.toISOString()} ${level.toUpperCase().padEnd(5)} ${visible(message)}`;
  const rest = pairs(fields);
  return rest ? `${line}  ${rest}` : line;
}

/** {@link plainLine} in colour and with the time of day only, for people at a terminal. */
export function coloredLine({ level, time, message, fields }: LogEntry): string {
  const clock = time.toISOString().slice(11, 23);
  const line = `${dim}${clock}${reset} ${colors[level]}${level.toUpperCase().padEnd(5)}${reset} ${visible(message)}`;
  const rest = pairs(fields);
  return rest ? `${line}  ${dim}${rest}${reset}` : line;
}

function pairs(fields: LogFields): string {
  const texts: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const text = escapeControls(redactedJson(value, name));
    texts.push(`${name}=${/^"[\w./:@*,+-]+"$/.test(text) ? text.slice(1, -1) : text}`);
  }
  return texts.join(" ");
}
