import type { TlsFilePaths } from "../../core/otel-settings.ts";
import { readClientTls, systemAuthorities } from "../../core/tls/tls-material.ts";

/** Contents of PEM files. */
export interface TlsMaterial {
  /** The system's authorities, and that of the file. */
  readonly ca: string;
  /** Each of them is trusted as it is, also the collector's own, as by Go. */
  readonly allowPartialTrustChain: true;
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
   * @throws ConfigError naming a file that cannot be used
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
  const file = (path: string | undefined, option: string) =>
    path === undefined ? undefined : { path, option };
  const { ca, client } = readClientTls({
    ca: file(caPath, "--otel-ca-path"),
    cert: file(certPath, "--otel-cert-path"),
    key: file(keyPath, "--otel-key-path"),
  });
  // A list of CAs replaces the system's, with Bun and with grpc-js.
  return {
    ca: [...systemAuthorities(), ...(ca === undefined ? [] : [ca])].join("\n"),
    allowPartialTrustChain: true,
    ...client,
  };
}
