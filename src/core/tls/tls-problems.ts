const wrongHost =
  "the server's certificate is for another host name: use a host name that it covers, or reissue it";

/**
 * What TLS libraries say, in upper case and with underscores → what is wrong, and what to do. An
 * `ALERT` comes from the server and is about the client's certificate; everything else is what this
 * side found out.
 */
const problems: readonly (readonly [RegExp, string])[] = [
  [
    /ALERT_CERTIFICATE_EXPIRED/,
    "the server rejected the client certificate, which has expired: renew it (clientCertPath)",
  ],
  [
    /CERTIFICATE_REQUIRED|ALERT_HANDSHAKE_FAILURE|PEER_DID_NOT_RETURN/,
    "the server requires a client certificate: set clientCertPath and clientKeyPath",
  ],
  [
    /ALERT_(UNKNOWN_CA|ACCESS_DENIED|(BAD_|UNSUPPORTED_)?CERTIFICATE)/,
    "the server rejected the client certificate: use one that is signed by a CA it trusts (clientCertPath)",
  ],
  [/CERT(IFICATE)?_HAS_EXPIRED/, "the server's certificate has expired: renew it"],
  [/NOT_YET_VALID/, "the server's certificate is not valid yet: check the clocks"],
  [/ALTNAME|DOES_NOT_MATCH_CERTIFICATE/, wrongHost],
  [
    /SELF.SIGNED|UNABLE_TO_VERIFY_|UNABLE_TO_GET_(LOCAL_)?ISSUER|CERT_UNTRUSTED|INVALID_CA/,
    "the server's certificate is not signed by a trusted CA: set certPath to the CA that signed it",
  ],
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/,
    "the server does not speak TLS on this port: connect without TLS, or use its TLS port",
  ],
];

/**
 * A problem of TLS in words, the same for all sources. Only the operator can fix one.
 * @param text code and message of an error
 * @param serverName whether the source has an option of this name
 * @returns undefined if the text is not about TLS
 */
export function tlsProblem(
  text: string,
  { serverName = false }: { readonly serverName?: boolean } = {},
): string | undefined {
  const said = text.replaceAll(" ", "_").toUpperCase();
  const problem = problems.find(([pattern]) => pattern.test(said))?.[1];
  return serverName && problem === wrongHost ? `${problem}, or set serverName` : problem;
}
