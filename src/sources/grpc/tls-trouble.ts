/**
 * What TLS libraries say of certificates → what to do about it. An `ALERT` comes from the server and
 * is about the client's certificate; everything else is what this side found out.
 */
const troubles: readonly (readonly [RegExp, string])[] = [
  [
    /ALERT_CERTIFICATE_EXPIRED/,
    "the server refuses the client certificate, which has expired: renew clientCertPath",
  ],
  [
    /ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_REVOKED|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED)/,
    "the server does not trust the client certificate: give one that its CA has signed as clientCertPath and clientKeyPath",
  ],
  [
    /ALERT_CERTIFICATE_REQUIRED|ALERT_HANDSHAKE_FAILURE|certificate required/,
    "the server wants a client certificate: give clientCertPath and clientKeyPath",
  ],
  [
    /certificate has expired|CERT_HAS_EXPIRED/i,
    "the server's certificate has expired: it must be renewed",
  ],
  [
    /CERT_NOT_YET_VALID|not yet valid/i,
    "the server's certificate is not valid yet: is the clock right?",
  ],
  [
    /altname|does not match certificate/i,
    "the server's certificate is for another host name: connect by a name it has, or reissue it",
  ],
  [
    /self.signed|SELF_SIGNED|unable to (?:verify|get)|UNABLE_TO_/i,
    "the server's certificate is signed by a CA that is not trusted: give that CA as certPath",
  ],
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/,
    "the server does not speak TLS on this port: leave out tls, certPath and grpcs://, or use its TLS port",
  ],
];

/** Undefined where `text` is not about TLS. */
export function tlsTrouble(text: string): string | undefined {
  return troubles.find(([pattern]) => pattern.test(text))?.[1];
}
