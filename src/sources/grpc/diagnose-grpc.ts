import type { ClientTls } from "../../core/tls/client-tls.ts";
import { tlsProblem } from "../../core/tls/tls-problems.ts";
import type { Endpoint } from "./grpc-target.ts";
import { probe } from "./probe.ts";

const timeoutMs = 2000;

/**
 * Why a server that takes connections ends them before a word of HTTP/2: grpc-js says "Failed to
 * connect" alike for a certificate that is refused, for TLS expected and for a port of something else.
 * @param clientTls undefined: the source is to speak plaintext
 * @returns undefined if TLS has nothing to do with it; never rejects
 */
export async function diagnose(
  endpoint: Endpoint,
  clientTls: ClientTls | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const tls = clientTls ?? "any";
  const { secure, ended, error } = await probe(endpoint, { tls, timeoutMs, signal });
  if (!clientTls) {
    return secure
      ? "the server expects TLS on this port: set tls or certPath, or use grpcs://"
      : undefined;
  }
  if (error) return tlsProblem(error);
  // Bun's own server refuses a client certificate by hanging up, without an alert.
  if (!secure || !ended) return undefined;
  return clientTls.client
    ? "the server closed the connection after the TLS handshake: it may not accept the client certificate (clientCertPath)"
    : "the server closed the connection after the TLS handshake: it may require a client certificate (clientCertPath, clientKeyPath)";
}
