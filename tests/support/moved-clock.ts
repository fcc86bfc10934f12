/** The time of day as some processes see it, moved by libfaketime; how long something lasts stays as it is. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

export class MovedClock {
  readonly #file: string;

  /** Whether the system has what it takes (Debian's package faketime). */
  static readonly possible = existsSync(library);

  constructor(folder: string) {
    this.#file = join(folder, "clock");
    this.move(0);
  }

  /** Variables for the processes whose clock it is. */
  get env(): Readonly<Record<string, string>> {
    return {
      // jemalloc, of which redis-server has its memory, and libfaketime would wait for each other: libc has its own.
      LD_PRELOAD: `${library}:libc.so.6`,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_CACHE_DURATION: "1",
      DONT_FAKE_MONOTONIC: "1",
    };
  }

  /** @param seconds from the true time */
  move(seconds: number): void {
    writeFileSync(this.#file, `${seconds < 0 ? "" : "+"}${seconds}s`);
  }
}
