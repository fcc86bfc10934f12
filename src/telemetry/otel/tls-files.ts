import { readFileSync } from "node:fs";
import { systemAuthorities } from "../../core/authorities.ts";
import type { TlsFilePaths } from "../../core/otel-settings.ts";

/** Contents of PEM files. */
export interface TlsMaterial {
  /** The system's authorities, and that of the file. */
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Reads PEM files again in an interval: certificates are replaced before they expire. */
export class TlsFiles {
  readonly #paths: TlsFilePaths;
  readonly #intervalMs: number;
  readonly #now: () => number;
  #current: TlsMaterial;
  #readAt: number;

  /**
   * @param intervalMs 0 or less: never again
   * @throws Error naming a file that cannot be read
   */
  constructor(paths: TlsFilePaths, intervalMs: number, now = () => performance.now()) {
    this.#paths = paths;
    this.#intervalMs = intervalMs;
    this.#now = now;
    this.#current = readAll(paths);
    this.#readAt = now();
  }

  /** The same object as long as the files do not change; the last good one while they cannot be used. */
  get current(): TlsMaterial {
    const now = this.#now();
    if (this.#intervalMs > 0 && now - this.#readAt >= this.#intervalMs) {
      this.#readAt = now;
      try {
        const next = readAll(this.#paths);
        if (!Bun.deepEquals(next, this.#current)) this.#current = next;
      } catch {
        // Between removal and replacement.
      }
    }
    return this.#current;
  }
}

function readAll({ caPath, certPath, keyPath }: TlsFilePaths): TlsMaterial {
  return {
    // A list of CAs replaces the system's, with Bun and with grpc-js.
    ca: [...systemAuthorities(), ...(caPath === undefined ? [] : [read(caPath)])].join("\n"),
    ...(certPath !== undefined && { cert: read(certPath) }),
    ...(keyPath !== undefined && { key: read(keyPath) }),
  };
}

function read(path: string): string {
  const text = readFileSync(path, "utf8");
  if (text.includes("-----BEGIN ")) return text;
  throw new Error(`${path} is not a PEM file`);
}
