import { tlsFault } from "../../core/tls/tls-problems.ts";
import type { GrpcTls } from "./channel-credentials.ts";
import { probe } from "./probe.ts";
import type { Endpoint } from "./grpc-target.ts";

const timeoutMs = 2000;

/**
 * Why a server that takes connections ends them before a word of HTTP/2: grpc-js says "Failed to
 * connect" alike for a certificate that is refused, for TLS expected and for a port of something else.
 * @param files undefined: the source is to speak plaintext
 * @returns undefined where TLS has nothing to do with it; never rejects
 */
export async function diagnose(
  endpoint: Endpoint,
  files: GrpcTls | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const tls = files ?? "any";
  const { secure, ended, error } = await probe(endpoint, { tls, timeoutMs, signal });
  if (!files) {
    return secure
      ? "the server expects TLS on this port: set tls or certPath, or use grpcs://"
      : undefined;
  }
  if (error) return tlsFault(error);
  // Bun's own server refuses a client certificate by hanging up, without an alert.
  if (!secure || !ended) return undefined;
  return files.cert
    ? "the server closed the connection after the TLS handshake: it may not accept the client certificate (clientCertPath)"
    : "the server closed the connection after the TLS handshake: it may require a client certificate (clientCertPath, clientKeyPath)";
}
