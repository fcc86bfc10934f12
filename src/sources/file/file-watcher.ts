import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";

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

  /** Begins anew where watching, so that a directory in place of an old one is the one that is watched. */
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
