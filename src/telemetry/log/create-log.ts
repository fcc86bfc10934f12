import { fstatSync, writeSync } from "node:fs";
import { type ConsolaInstance, createConsola, LogLevels, type LogType } from "consola/core";
import type { Log, LogFields, LogLevel } from "../../core/log.ts";
import { coloredLine, jsonLine, type LogEntry, plainLine } from "./log-line.ts";

export interface LogOptions {
  readonly format: "console" | "json";
  /** The least severe entries to print. */
  readonly level: LogLevel;
  /** Default: standard error. */
  readonly stream?: LogStream;
  /** Default: colour on a terminal, unless `NO_COLOR` is set (no-color.org). */
  readonly color?: boolean;
}

/** The log of the process. Entries that cannot be written are lost, nothing throws. */
export function createLog(options: LogOptions): Log {
  const stream = options.stream ?? standardError;
  const format = formatter(options, stream);
  const consola = createConsola({
    level: LogLevels[options.level],
    // Consola would hold back repeated entries and print them later from a timer.
    throttle: Number.NEGATIVE_INFINITY,
    reporters: [
      {
        log({ type, date, args: [message, fields] }) {
          try {
            const entry = { level: levelOf(type), time: date, message: String(message), fields };
            stream.write(`${format(entry)}\n`);
          } catch {
            // The reader is gone or does not keep up: there is nobody to tell.
          }
        },
      },
    ],
  });
  return new ConsolaLog(consola, options.level === "debug", {});
}

function formatter({ format, color }: LogOptions, stream: LogStream): (entry: LogEntry) => string {
  if (format === "json") return jsonLine;
  return (color ?? (stream.isTTY === true && !process.env.NO_COLOR)) ? coloredLine : plainLine;
}

function levelOf(type: LogType): LogLevel {
  switch (type) {
    case "debug":
    case "warn":
    case "error":
    case "fatal":
      return type;
    default:
      return "info";
  }
}

class ConsolaLog implements Log {
  readonly debugging: boolean;
  readonly #consola: ConsolaInstance;
  readonly #fields: LogFields;

  constructor(consola: ConsolaInstance, debugging: boolean, fields: LogFields) {
    this.#consola = consola;
    this.debugging = debugging;
    this.#fields = fields;
  }

  debug(message: string, fields?: LogFields): void {
    if (this.debugging) this.#consola.debug(message, { ...this.#fields, ...fields });
  }

  info(message: string, fields?: LogFields): void {
    this.#consola.info(message, { ...this.#fields, ...fields });
  }

  warn(message: string, fields?: LogFields): void {
    this.#consola.warn(message, { ...this.#fields, ...fields });
  }

  error(message: string, fields?: LogFields): void {
    this.#consola.error(message, { ...this.#fields, ...fields });
  }

  fatal(message: string, fields?: LogFields): void {
    this.#consola.fatal(message, { ...this.#fields, ...fields });
  }

  with(fields: LogFields): Log {
    return new ConsolaLog(this.#consola, this.debugging, { ...this.#fields, ...fields });
  }
}

/** Where log lines go. */
export interface LogStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const stderrFile = 2;

/**
 * Standard error, written synchronously: nothing is lost when the process ends right after, and nothing
 * queues up. BUN 1.4.5: with `process.stderr` a program ends with exit status 1 once the reader of it is
 * gone, however well it went.
 */
export const standardError: LogStream = {
  get isTTY() {
    return isCharacterDevice() && process.getBuiltinModule("node:tty").isatty(stderrFile);
  },
  write(text) {
    let rest: Uint8Array = Buffer.from(text);
    while (rest.length > 0) rest = rest.subarray(writeSync(stderrFile, rest));
  },
};

/** A terminal is one. Of a daemon standard error mostly is none, and loading `node:tty` takes time. */
function isCharacterDevice(): boolean {
  try {
    return fstatSync(stderrFile).isCharacterDevice();
  } catch {
    return false;
  }
}
