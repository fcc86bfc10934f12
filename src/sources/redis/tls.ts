import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { getCACertificates } from "node:tls";
import { RedisFault } from "./fault.ts";
import type { RedisTlsFiles } from "./options.ts";

export interface RedisTls {
  readonly ca: string | string[];
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
}

/**
 * Reads the files anew for each connection, so that renewed certificates are taken up.
 * @throws RedisFault that names the option and the file
 */
export async function loadTls({ certPath, client, serverName }: RedisTlsFiles): Promise<RedisTls> {
  const ca = certPath === undefined ? systemAuthorities() : await readPem("certPath", certPath);
  if (typeof ca === "string")
    parse("certPath", certPath, "certificate", () => new X509Certificate(ca));
  return {
    ca,
    ...(serverName === undefined ? {} : { serverName }),
    ...(client === undefined ? {} : await loadClientPair(client.certPath, client.keyPath)),
  };
}

async function loadClientPair(certPath: string, keyPath: string) {
  const cert = await readPem("clientCertPath", certPath);
  const key = await readPem("clientKeyPath", keyPath);
  const certificate = parse(
    "clientCertPath",
    certPath,
    "certificate",
    () => new X509Certificate(cert),
  );
  const privateKey = parse("clientKeyPath", keyPath, "private key", () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new RedisFault(
      `the key ${keyPath} (clientKeyPath) is not that of ${certPath} (clientCertPath)`,
      "hopeless",
    );
  }
  return { cert, key };
}

/**
 * Bun's RedisClient trusts the authorities that Bun was built with and not those which an operator
 * has added to the system, so both are given. The runtime keeps the list.
 */
function systemAuthorities(): string[] {
  return [...new Set([...getCACertificates("default"), ...getCACertificates("system")])];
}

async function readPem(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RedisFault(`cannot read ${path} (${option}): ${reason}`, "hopeless");
  }
}

function parse<T>(option: string, path: string | undefined, what: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw new RedisFault(`${path} (${option}) holds no PEM ${what}`, "hopeless");
  }
}
