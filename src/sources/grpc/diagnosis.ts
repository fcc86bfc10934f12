import { type ConnectionOptions, connect } from "node:tls";
import type { TlsMaterial } from "./credentials.ts";
import type { Endpoint } from "./target.ts";
import { tlsTrouble } from "./tls-trouble.ts";

const tryMs = 2000;

/**
 * Why a server that takes connections ends them before a word of HTTP/2: grpc-js says "Failed to
 * connect" alike for a certificate that is refused, for TLS expected and for a port of something else.
 * @param files undefined: the source is to speak plaintext
 * @returns undefined where TLS has nothing to do with it; never rejects
 */
export async function diagnose(
  endpoint: Endpoint,
  files: TlsMaterial | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const name = "host" in endpoint ? { servername: endpoint.host } : { servername: "localhost" };
  if (!files) {
    const { secure } = await tryTls({ ...endpoint, ...name, rejectUnauthorized: false }, signal);
    return secure
      ? "the server speaks TLS on this port: give tls or certPath, or write grpcs://"
      : undefined;
  }
  const { secure, ended, error } = await tryTls({ ...endpoint, ...name, ...files }, signal);
  if (error) return tlsTrouble(error);
  // Bun's own server refuses a client certificate by hanging up, without an alert.
  if (!secure || !ended) return undefined;
  return files.cert
    ? "the server hangs up after the TLS handshake: does its CA trust the client certificate of clientCertPath?"
    : "the server hangs up after the TLS handshake: does it want a client certificate (clientCertPath, clientKeyPath)?";
}

interface Outcome {
  /** The handshake went well on this side. */
  readonly secure: boolean;
  /** The server hung up without having said anything. */
  readonly ended: boolean;
  readonly error?: string;
}

function tryTls(options: ConnectionOptions, signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve) => {
    let secure = false;
    if (signal.aborted) return resolve({ secure, ended: false });
    const socket = connect({ ...options, ALPNProtocols: ["h2"] });
    const done = (outcome: Partial<Outcome>) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      // Errors after this one are of no interest, and without a listener they end the process.
      socket.on("error", () => {});
      socket.destroy();
      resolve({ secure, ended: false, ...outcome });
    };
    const abort = () => done({});
    const timer = setTimeout(abort, tryMs);
    signal.addEventListener("abort", abort);
    socket.once("secureConnect", () => {
      secure = true;
      if (options.rejectUnauthorized === false) done({});
    });
    // The first thing that an HTTP/2 server sends of itself are its settings.
    socket.once("data", () => done({}));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      done({ error: `${error.code ?? ""} ${error.message}` }),
    );
    socket.once("end", () => done({ ended: true }));
    socket.once("close", () => done({ ended: true }));
  });
}
