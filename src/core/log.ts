/** From the least to the most severe. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "fatal";
/** What an entry says beside its message, by name. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where messages for the operator go. Implementations never throw and never print a secret. */
export interface Log {
  /** Whether debug entries are written. Ask before making costly ones. */
  readonly debugging: boolean;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  fatal(message: string, fields?: LogFields): void;
  /** A log that adds `fields` (such as `component`) to every entry. */
  with(fields: LogFields): Log;
}

/** For commands that say all there is to say themselves. */
export const silentLog: Log = {
  debugging: false,
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  fatal: () => {},
  with: () => silentLog,
};
