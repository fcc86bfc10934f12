import { createPrivateKey, X509Certificate } from "node:crypto";
import type { ClientTls } from "../../config/sources/source-config.ts";
import { systemAuthorities } from "./authorities.ts";
import { SourceFault } from "../../sources/source-error.ts";
import { readTextFile } from "../../sources/text-file.ts";

/** PEM texts. */
export interface TlsMaterial {
  /** Authorities to trust instead of the system's. */
  readonly ca?: string;
  /** What the client shows. */
  readonly client?: { readonly cert: string; readonly key: string };
  /** Accept any certificate. */
  readonly insecure?: boolean;
  /** Name that the server's certificate must have, where it is not the URL's host. */
  readonly serverName?: string;
}

/**
 * The content of the files, read anew at every call so that renewed certificates are taken up.
 * @throws SourceFault naming the option and the file
 */
export async function readTlsFiles(files: ClientTls): Promise<TlsMaterial> {
  const { certPath, clientCertPath, clientKeyPath } = files;
  const ca = certPath && (await readPem("certPath", certPath));
  if (ca) checkCertificate("certPath", certPath, ca);
  if (!clientCertPath || !clientKeyPath) return ca ? { ca } : {};
  const cert = await readPem("clientCertPath", clientCertPath);
  const key = await readPem("clientKeyPath", clientKeyPath);
  checkPair({ cert, key }, clientCertPath, clientKeyPath);
  return { ...(ca && { ca }), client: { cert, key } };
}

/** As `fetch` and the other clients of Bun take it. */
export function bunTls({ ca, client, insecure, serverName }: TlsMaterial) {
  return {
    ca: ca ?? systemAuthorities(),
    ...client,
    ...(insecure && { rejectUnauthorized: false }),
    ...(serverName && { serverName }),
  };
}

function checkCertificate(option: string, path: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new SourceFault(`${path} (${option}) does not contain a PEM certificate`, {
      hopeless: true,
    });
  }
}

function checkPair(pair: { cert: string; key: string }, certPath: string, keyPath: string): void {
  const certificate = checkCertificate("clientCertPath", certPath, pair.cert);
  let fits: boolean;
  try {
    fits = certificate.checkPrivateKey(createPrivateKey(pair.key));
  } catch {
    const problem = pair.key.includes("ENCRYPTED")
      ? "is encrypted: provide it without a passphrase"
      : "does not contain a PEM private key";
    throw new SourceFault(`${keyPath} (clientKeyPath) ${problem}`, { hopeless: true });
  }
  if (!fits) {
    throw new SourceFault(
      `the private key ${keyPath} (clientKeyPath) does not match the certificate ${certPath} (clientCertPath)`,
      { hopeless: true },
    );
  }
}

function readPem(option: string, path: string): Promise<string> {
  return readTextFile(path, (reason) => `cannot read ${path} (${option}): ${reason}`);
}
