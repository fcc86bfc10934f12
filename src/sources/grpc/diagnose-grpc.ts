import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { http2Preface } from "../../core/http2-preface.ts";
import { bunTls, type ClientTls } from "../../core/tls/tls-material.ts";
import { tlsProblem } from "../../core/tls/tls-problems.ts";
import { lookupWith } from "../localhost.ts";
import type { Endpoint } from "./grpc-target.ts";

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

/** What became of a bare connection. */
interface ProbeOutcome {
  /** TLS: the handshake went well on this side. */
  readonly secure: boolean;
  /** The server said something, as HTTP/2 servers do of themselves (RFC 9113 §3.4). */
  readonly answered: boolean;
  /** The server hung up without having said anything. */
  readonly ended: boolean;
  readonly error?: string;
}

interface ProbeOptions {
  /** `any`: TLS with whatever certificate. Undefined: plaintext. */
  readonly tls: ClientTls | "any" | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The client's side of the beginning of HTTP/2, with empty settings. */
const hello = Buffer.concat([http2Preface, Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])]);

/** Opens a connection and closes it at the server's first words. Never rejects. */
export function probe(endpoint: Endpoint, options: ProbeOptions): Promise<ProbeOutcome> {
  const { tls, timeoutMs, signal } = options;
  return new Promise((resolve) => {
    let secure = false;
    if (signal.aborted) return resolve({ secure, answered: false, ended: false });
    const socket = open(endpoint, tls);
    const done = (outcome: Partial<ProbeOutcome>) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", nothing);
      // Errors after this one are of no interest, and without a listener they end the process.
      socket.on("error", () => {});
      socket.destroy();
      resolve({ secure, answered: false, ended: false, ...outcome });
    };
    const nothing = () => done({});
    const timer = setTimeout(nothing, timeoutMs);
    signal.addEventListener("abort", nothing);
    socket.once(tls ? "secureConnect" : "connect", () => {
      secure = tls !== undefined;
      if (tls === "any") done({});
      else socket.write(hello);
    });
    socket.once("data", () => done({ answered: true }));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      done({ error: `${error.code ?? ""} ${error.message}` }),
    );
    socket.once("end", () => done({ ended: true }));
    socket.once("close", () => done({ ended: true }));
  });
}

function open(endpoint: Endpoint, tls: ProbeOptions["tls"]): Socket {
  const lookup = lookupWith();
  if (!tls) return connectPlain({ ...endpoint, lookup });
  return connectTls({
    ...endpoint,
    lookup,
    ...("path" in endpoint && { servername: "localhost" }),
    ...(tls === "any" ? { rejectUnauthorized: false } : bunTls(tls)),
    ALPNProtocols: ["h2"],
  });
}
