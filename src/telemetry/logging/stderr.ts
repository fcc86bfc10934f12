import { fstatSync, writeSync } from "node:fs";

/** Where log lines go. */
export interface LogStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const stderrFile = 2;

/**
 * Standard error, written synchronously: nothing is lost when the process ends right after, and nothing
 * queues up. Not `process.stderr`: once its reader is gone, Bun 1.4 ends with exit status 1
 * however well the program went.
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
