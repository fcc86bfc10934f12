import { checkServerIdentity, createSecureContext, type PeerCertificate } from "node:tls";
import { ChannelCredentials } from "@grpc/grpc-js";
import { bunTls, type ClientTls } from "../../core/tls/client-tls.ts";
import { messageOf, SourceError } from "../source-error.ts";

/**
 * @param tls undefined: plaintext
 * @param address of a server that is called by its IP address and not by a name
 * @throws SourceError, a permanent one, if there is something wrong with the contents
 */
export function channelCredentials(
  tls: ClientTls | undefined,
  address: string | undefined,
): ChannelCredentials {
  if (!tls) return ChannelCredentials.createInsecure();
  const verify = address && {
    checkServerIdentity: (_: string, of: PeerCertificate) => checkServerIdentity(address, of),
  };
  try {
    // `createSsl` has no place for `allowPartialTrustChain`.
    const context = createSecureContext({ ...bunTls(tls), minVersion: "TLSv1.2" });
    return ChannelCredentials.createFromSecureContext(context, verify || {});
  } catch (error) {
    throw new SourceError(`the TLS files cannot be used: ${messageOf(error)}`, {
      retryable: false,
    });
  }
}
