import { messageOf, SourceFault } from "../fault.ts";

/** Codes of Bun's `fetch` → words. What only the operator can mend is `hopeless`. */
const texts: readonly (readonly [codes: RegExp, text: string, hopeless?: true])[] = [
  [/ECONNREFUSED/, "connection refused"],
  [/ENOTFOUND|EAI_/, "the host name cannot be resolved"],
  [/ECONNRESET|EPIPE/, "the connection was lost"],
  [/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/, "the host cannot be reached"],
  [/Malformed_HTTP|HTTP_Response|HPE_/, "the server does not speak HTTP"],
  [/ZlibError|Decompress|BrotliDecode|ZstdDecompress/i, "the response body cannot be decompressed"],
  [/ERR_PROXY_TUNNEL/, "the proxy in HTTPS_PROXY refused the connection"],
  [/CERT_HAS_EXPIRED/, "the server's certificate has expired: renew it", true],
  [
    /CERT_ALTNAME/,
    "the server's certificate is for another host name: connect by a name it has, or reissue it",
    true,
  ],
  [
    /SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|CERT_UNTRUSTED|INVALID_CA/,
    "the server's certificate is signed by a CA that is not trusted: give that CA as certPath",
    true,
  ],
  [
    // BoringSSL's alert about a missing client certificate comes as a handshake that failed.
    /EPROTO|SSL|TLS|CERTIFICATE_REQUIRED/,
    "the TLS handshake failed: the server does not speak TLS on this port, or wants a client " +
      "certificate that it trusts (clientCertPath and clientKeyPath)",
  ],
];

/** Why a request failed. Hosts are named, the rest of a URL is not: it may hold secrets. */
export function explain(error: unknown, url: URL): SourceFault {
  if (error instanceof SourceFault) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const message = messageOf(error);
  const known = texts.find(([codes]) => codes.test(code)) ?? unnamedTls(message);
  if (known) return new SourceFault(`${url.host}: ${known[1]}`, { hopeless: known[2] ?? false });
  return new SourceFault(`${url.host}: ${code || message.split("\n")[0]}`);
}

function unnamedTls(message: string) {
  return texts.find(([codes]) => codes.test(message.replaceAll(" ", "_").toUpperCase()));
}
