import { readFileSync, statSync } from "node:fs";
import type { TlsOptions } from "node:tls";
import { ConfigError } from "../core/config-error.ts";
import type { Log } from "../core/log.ts";
import type { ServerTls } from "../core/server-tls.ts";

/**
 * What `tls.createServer` and `setSecureContext` take.
 * @throws ConfigError naming the file that cannot be used.
 */
export function readCertificates(files: ServerTls): TlsOptions {
  // A start without TLS does not load it.
  const { createPrivateKey, X509Certificate } = process.getBuiltinModule("node:crypto");
  const cert = read(files.certPath, "certificate");
  const key = read(files.keyPath, "private key");
  const certificate = parse(files.certPath, "certificate", () => new X509Certificate(cert));
  const privateKey = parse(files.keyPath, "private key", () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new ConfigError(
      `private key ${files.keyPath} does not match certificate ${files.certPath}`,
    );
  }
  const options: TlsOptions = { cert, key, minVersion: "TLSv1.2" };
  const { clientCaPath } = files;
  if (clientCaPath === undefined) return options;
  const ca = read(clientCaPath, "client CA");
  parse(clientCaPath, "client CA", () => new X509Certificate(ca));
  return { ...options, ca, requestCert: true, rejectUnauthorized: true };
}

function read(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ConfigError(`${what} ${path} cannot be read: ${message(error)}`);
  }
}

function parse<T>(path: string, what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new ConfigError(`${path} is not a usable PEM ${what}: ${message(error)}`);
  }
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

/** Differs where a file was written or replaced. */
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
