import { statSync } from "node:fs";
import type { TlsOptions } from "node:tls";
import type { Log } from "../core/log.ts";
import type { ServerTls } from "../core/tls/tls-material.ts";
import { readCertificate, readKeyPair } from "../core/tls/tls-material.ts";

/**
 * What `tls.createServer` and `setSecureContext` take.
 * @throws ConfigError naming the file that cannot be used.
 */
export function readCertificates(files: ServerTls): TlsOptions {
  const { certPath, keyPath, clientCaPath, names = {} } = files;
  const pair = readKeyPair(
    { path: certPath, option: names.certPath ?? "server certificate" },
    { path: keyPath, option: names.keyPath ?? "server key" },
  );
  const options: TlsOptions = { ...pair, minVersion: "TLSv1.2" };
  if (clientCaPath === undefined) return options;
  const ca = readCertificate({ path: clientCaPath, option: names.clientCaPath ?? "client CA" });
  return { ...options, ca, requestCert: true, rejectUnauthorized: true };
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Calls `apply` with new certificates when the files change. Polls, because mounted secrets are
 * changed by swapping a symlink some folders up. Files that do not fit together (one is written
 * before the other) leave the old ones in use.
 * @returns What ends the watch.
 */
export function watchCertificates(
  files: ServerTls,
  everyMs: number,
  log: Log,
  apply: (options: TlsOptions) => void,
): () => void {
  let seen = fingerprint(files);
  const timer = setInterval(() => {
    const now = fingerprint(files);
    if (now === seen) return;
    seen = now;
    try {
      apply(readCertificates(files));
      log.info("certificates reloaded", { certPath: files.certPath });
    } catch (error) {
      log.warn("the changed certificates cannot be used, keeping the previous ones", {
        reason: message(error),
      });
    }
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Differs if a file was written or replaced. */
function fingerprint(files: ServerTls): string {
  return [files.certPath, files.keyPath, files.clientCaPath]
    .map((path) => {
      if (path === undefined) return "";
      try {
        const { ino, size, mtimeMs } = statSync(path);
        return `${ino}:${size}:${mtimeMs}`;
      } catch (error) {
        return message(error);
      }
    })
    .join(" ");
}
