import type { TlsOptions } from "node:tls";
import { messageOf } from "../core/errors.ts";
import { followFiles } from "../core/follow-files.ts";
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

/**
 * Calls `apply` with new certificates when the files change. Files that do not fit together (one is written
 * before the other) leave the old ones in use.
 * @returns what ends it
 */
export function followCertificates(
  files: ServerTls,
  everyMs: number,
  log: Log,
  apply: (options: TlsOptions) => void,
): () => void {
  return followFiles([files.certPath, files.keyPath, files.clientCaPath], everyMs, () => {
    try {
      apply(readCertificates(files));
      log.info("certificates reloaded", { certPath: files.certPath });
    } catch (error) {
      log.warn("the changed certificates cannot be used, keeping the previous ones", {
        reason: messageOf(error),
      });
    }
  });
}
