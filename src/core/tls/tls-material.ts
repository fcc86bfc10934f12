import { readFileSync, statSync } from "node:fs";
import { ConfigError, messageOf } from "../errors.ts";

/** PEM files of a TLS server, read at start and again when they change. */
export interface ServerTls {
  readonly certPath: string;
  readonly keyPath: string;
  /** Ask for client certificates signed by this CA and refuse all others. */
  readonly clientCaPath?: string;
  /** What each file is called in messages: by the option, variable or key that names it. */
  readonly names?: { readonly [File in "certPath" | "keyPath" | "clientCaPath"]?: string };
}

/** The same for whoever has no certificate. */
export function withoutClients({ certPath, keyPath }: ServerTls): ServerTls {
  return { certPath, keyPath };
}

/**
 * The authorities that TLS connections of ours trust if no others are named, in PEM. Bun trusts those
 * that it was built with and not all that an operator has added to the system (`SSL_CERT_FILE`,
 * `SSL_CERT_DIR`), so both are given. The runtime keeps the lists.
 */
export function systemAuthorities(): string[] {
  // A start without TLS does not load it.
  const { getCACertificates } = process.getBuiltinModule("node:tls");
  return [...new Set([...getCACertificates("default"), ...getCACertificates("system")])];
}

/** A PEM file, and what names it in messages: the option or setting that the user has in hand. */
export interface PemFile {
  readonly path: string;
  readonly option: string;
}

/** PEM files of a TLS client; of certificate and key both or neither. */
export interface ClientTlsFiles {
  readonly ca?: PemFile | undefined;
  readonly cert?: PemFile | undefined;
  readonly key?: PemFile | undefined;
}

/** A certificate and its private key, as PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** What a TLS client trusts and shows, as PEM. */
export interface ClientTls {
  /** Authorities to trust instead of the system's. */
  readonly ca?: string;
  readonly client?: KeyPair;
  /** Accept any certificate. */
  readonly insecure?: boolean;
  /** Name that the server's certificate must have, if it is not the URL's host. */
  readonly serverName?: string;
}

/** More than any system's bundle of certificates. */
const maxFileBytes = 16 * 1024 * 1024;

/**
 * The content of the files. Call it for every connection: certificates are renewed in place.
 * @throws ConfigError naming the option and the file
 */
export function readClientTls({ ca, cert, key }: ClientTlsFiles): ClientTls {
  return {
    ...(ca && { ca: readCertificate(ca) }),
    ...(cert && key && { client: readKeyPair(cert, key) }),
  };
}

/**
 * As `fetch`, `tls.connect` and the other clients of Bun take it. Every certificate of `ca` is trusted as it is,
 * also one that is no authority, such as the server's own: Go's certificate pools do the same.
 */
export function bunTls({ ca, client, insecure, serverName }: ClientTls) {
  return {
    ...(ca === undefined ? { ca: systemAuthorities() } : { ca, allowPartialTrustChain: true }),
    ...client,
    ...(insecure && { rejectUnauthorized: false }),
    ...(serverName && { serverName }),
  };
}

/**
 * One certificate, or several of which the first is checked.
 * @throws ConfigError naming the option and the file
 */
export function readCertificate(file: PemFile): string {
  const pem = readPem(file);
  certificateOf(pem, file);
  return pem;
}

/**
 * A certificate and the private key that belongs to it.
 * @throws ConfigError naming the option and the file
 */
export function readKeyPair(certFile: PemFile, keyFile: PemFile): KeyPair {
  // A start without TLS does not load it.
  const { createPrivateKey } = process.getBuiltinModule("node:crypto");
  const cert = readPem(certFile);
  const key = readPem(keyFile);
  const certificate = certificateOf(cert, certFile);
  let fits: boolean;
  try {
    fits = certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    const problem = key.includes("ENCRYPTED")
      ? "is encrypted: provide it without a passphrase"
      : "does not contain a PEM private key";
    throw new ConfigError(`${shown(keyFile)} ${problem}`);
  }
  if (fits) return { cert, key };
  throw new ConfigError(
    `the private key ${shown(keyFile)} does not match the certificate ${shown(certFile)}`,
  );
}

function certificateOf(pem: string, file: PemFile) {
  const { X509Certificate } = process.getBuiltinModule("node:crypto");
  try {
    return new X509Certificate(pem);
  } catch {
    throw new ConfigError(`${shown(file)} does not contain a PEM certificate`);
  }
}

function readPem(file: PemFile): string {
  const fail = (reason: string): never => {
    throw new ConfigError(`cannot read ${shown(file)}: ${reason}`);
  };
  try {
    const info = statSync(file.path);
    // To read a pipe would block the whole process.
    if (!info.isFile()) return fail("it is not a regular file");
    if (info.size > maxFileBytes) return fail(`it is larger than ${maxFileBytes} bytes`);
    return readFileSync(file.path, "utf8");
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return fail("there is no such file");
    return fail(messageOf(error));
  }
}

function shown({ path, option }: PemFile): string {
  return `${path} (${option})`;
}
