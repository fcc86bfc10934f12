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
  const { certPath, keyPath, clientCaPath, names = {} } = files;
  const shown = {
    cert: named("certificate", certPath, names.certPath),
    key: named("private key", keyPath, names.keyPath),
  };
  const cert = read(certPath, shown.cert);
  const key = read(keyPath, shown.key);
  const certificate = parse(shown.cert, "certificate", () => new X509Certificate(cert));
  const privateKey = parse(shown.key, "private key", () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new ConfigError(`the ${shown.key} does not match the ${shown.cert}`);
  }
  const options: TlsOptions = { cert, key, minVersion: "TLSv1.2" };
  if (clientCaPath === undefined) return options;
  const shownCa = named("client CA", clientCaPath, names.clientCaPath);
  const ca = read(clientCaPath, shownCa);
  parse(shownCa, "client CA", () => new X509Certificate(ca));
  return { ...options, ca, requestCert: true, rejectUnauthorized: true };
}

/** `certificate a.pem (--server-cert-path)` */
function named(what: string, path: string, name: string | undefined): string {
  return name === undefined ? `${what} ${path}` : `${what} ${path} (${name})`;
}

function read(path: string, shown: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason =
      code === "ENOENT" || code === "ENOTDIR" ? "there is no such file" : message(error);
    throw new ConfigError(`the ${shown} cannot be read: ${reason}`);
  }
}

function parse<T>(shown: string, what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new ConfigError(`the ${shown} is not a usable PEM ${what}: ${message(error)}`);
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
