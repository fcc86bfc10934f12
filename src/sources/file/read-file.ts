import type { BigIntStats } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { errorText } from "./error-text.ts";

/** Changes with every change of a file's content, and of its name's target. */
export type Fingerprint = string;

/** What became of an attempt to read a file. */
export type Reading =
  | {
      readonly ok: true;
      readonly fingerprint: Fingerprint;
      /** Changed so shortly before that another change may have left the same fingerprint. */
      readonly fresh: boolean;
      readonly bytes: Uint8Array;
    }
  | { readonly ok: false; readonly reason: string };

/** A flag document beyond this is a mistake, such as a log or a device; it is not read. */
const largestFile = 256 * 1024 * 1024;

/** More than the coarsest clock among the file systems in use has between two ticks. */
const clockTickMs = 2000;

/**
 * What tells one state of a file from another, symbolic links followed. Not only the time of change: a file
 * moved into place may be older than the one before.
 * @throws Error of the file system
 */
export async function fingerprint(path: string): Promise<Fingerprint> {
  return fingerprintOf(await stat(path, { bigint: true }));
}

function fingerprintOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): Fingerprint {
  return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

/** Reads a file. Never throws: what went wrong is in the reading, without the path. */
export async function read(path: string): Promise<Reading> {
  try {
    // Before the content: a change in between is then seen as one.
    const info = await stat(path, { bigint: true });
    if (info.isDirectory()) return { ok: false, reason: "it is a directory" };
    if (!info.isFile()) return { ok: false, reason: "it is not a regular file" };
    if (info.size > largestFile) {
      return { ok: false, reason: `it is larger than ${largestFile} bytes` };
    }
    const fresh = Date.now() - Number(info.ctimeMs) < clockTickMs;
    return { ok: true, fingerprint: fingerprintOf(info), fresh, bytes: await readFile(path) };
  } catch (error) {
    return { ok: false, reason: errorText(error) };
  }
}
