import { type BigIntStats, type FSWatcher, watch } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { fileErrorText } from "../../core/file-error.ts";

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
const maxFileBytes = 256 * 1024 * 1024;

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
    if (info.size > maxFileBytes) {
      return { ok: false, reason: `it is larger than ${maxFileBytes} bytes` };
    }
    const fresh = Date.now() - Number(info.ctimeMs) < clockTickMs;
    return { ok: true, fingerprint: fingerprintOf(info), fresh, bytes: await readFile(path) };
  } catch (error) {
    return { ok: false, reason: fileErrorText(error) };
  }
}

/** Kubernetes mounts a ConfigMap as links into this directory link, which it replaces to publish. */
const configMapLink = "..data";

/**
 * Watches the directory of a file, since a watch on the file itself ends with the file that it was made
 * on: at the first rename over it. Events are hints: they may be missing (network file systems, a
 * directory that was replaced) and may say nothing.
 */
export class FileWatcher {
  #watcher: FSWatcher | undefined;

  /**
   * @param onHint the file may have changed
   * @param onLost watching has ended, or could not begin
   */
  constructor(
    private readonly path: string,
    private readonly onHint: () => void,
    private readonly onLost: (error: unknown) => void,
  ) {}

  /** While watching, begins anew, so that a directory in place of an old one is the one that is watched. */
  start(): void {
    this.stop();
    const name = basename(this.path);
    try {
      const watcher = watch(dirname(this.path), { persistent: false }, (_event, changed) => {
        if (changed === null || changed === name || changed === configMapLink) this.onHint();
      });
      watcher.on("error", (error) => {
        if (this.#watcher !== watcher) return;
        this.stop();
        this.onLost(error);
      });
      this.#watcher = watcher;
    } catch (error) {
      this.onLost(error);
    }
  }

  stop(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
