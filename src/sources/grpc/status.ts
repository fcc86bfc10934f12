import { type ServiceError, status } from "@grpc/grpc-js";

/** What no retry mends: the call itself is wrong or not allowed. */
const fatalCodes = new Set<number>([
  status.INVALID_ARGUMENT,
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
]);

/** What the TLS layer says of certificates → what to do about it. */
const certificateTrouble: readonly (readonly [RegExp, string])[] = [
  [/certificate has expired|CERT_HAS_EXPIRED/i, "the server's certificate has expired: renew it"],
  [
    /altname|does not match certificate|ERR_TLS_CERT_ALTNAME_INVALID/i,
    "the server's certificate is for another host name: connect by a name it has, or reissue it",
  ],
  [
    /self.signed|unable to (?:verify|get)|UNABLE_TO_|unknown ca/i,
    "the server's certificate is signed by a CA that is not trusted: give that CA as certPath",
  ],
  [
    /certificate required|CERTIFICATE_REQUIRED|handshake failure|bad certificate/i,
    "the server wants a client certificate that it trusts: give clientCertPath and clientKeyPath",
  ],
];

function trouble(error: ServiceError): string | undefined {
  const text = `${error.details} ${error.message}`;
  return certificateTrouble.find(([pattern]) => pattern.test(text))?.[1];
}

/** Whether the daemon must not start with it. */
export function isFatal(error: ServiceError | undefined): boolean {
  return error !== undefined && (fatalCodes.has(error.code) || trouble(error) !== undefined);
}

/** The end of a stream in words for the operator: what happened and, where there is something, what to do. */
export function describeStatus(
  error: ServiceError | undefined,
  options: { readonly maxMessageSize?: number },
): string {
  if (!error) return "the server ended the stream";
  const certificate = trouble(error);
  if (certificate) return certificate;
  const name = status[error.code] ?? "UNKNOWN";
  const details = (error.details || error.message)
    .replace(/^No connection established\. Last error: (?:Error: )?/, "")
    .replace(/\.?\s*Resolution note:\s*$/, "");
  if (error.code === status.RESOURCE_EXHAUSTED && /larger than max/i.test(details)) {
    const limit = options.maxMessageSize ? "" : ", which is 4194304 bytes by default";
    return `the flag document is larger than maxMsgSize${limit}: raise maxMsgSize of this source (${details})`;
  }
  if (error.code === status.UNIMPLEMENTED) {
    return `the server has no flag sync service; is this its sync port? (${details})`;
  }
  return `${name}: ${details}`;
}
