import { getCACertificates } from "node:tls";

/**
 * The authorities that TLS connections of ours trust where no others are named, in PEM. Bun trusts those
 * that it was built with and not all that an operator has added to the system (`SSL_CERT_FILE`,
 * `SSL_CERT_DIR`), so both are given. The runtime keeps the lists.
 */
export function systemAuthorities(): string[] {
  return [...new Set([...getCACertificates("default"), ...getCACertificates("system")])];
}
