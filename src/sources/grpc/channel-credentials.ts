import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { ChannelCredentials } from "@grpc/grpc-js";
import { systemAuthorities } from "../../core/tls/authorities.ts";
import type { ClientTls } from "../../core/tls/client-tls.ts";
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
  const { ca = systemAuthorities().join("\n"), client } = tls;
  const verify = address && {
    checkServerIdentity: (_: string, of: PeerCertificate) => checkServerIdentity(address, of),
  };
  try {
    return ChannelCredentials.createSsl(
      Buffer.from(ca),
      client ? Buffer.from(client.key) : null,
      client ? Buffer.from(client.cert) : null,
      verify || {},
    );
  } catch (error) {
    throw new SourceError(`the TLS files cannot be used: ${messageOf(error)}`, {
      retryable: false,
    });
  }
}
