import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { http2Preface } from "../../core/http2-preface.ts";
import { bunTls, type ClientTls } from "../../core/tls/client-tls.ts";
import type { Endpoint } from "./grpc-target.ts";

/** What became of a bare connection. */
export interface ProbeOutcome {
  /** TLS: the handshake went well on this side. */
  readonly secure: boolean;
  /** The server said something, as HTTP/2 servers do of themselves (RFC 9113 §3.4). */
  readonly answered: boolean;
  /** The server hung up without having said anything. */
  readonly ended: boolean;
  readonly error?: string;
}

export interface ProbeOptions {
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
  if (!tls) return connectPlain(endpoint);
  return connectTls({
    ...endpoint,
    ...("path" in endpoint && { servername: "localhost" }),
    ...(tls === "any" ? { rejectUnauthorized: false } : bunTls(tls)),
    ALPNProtocols: ["h2"],
  });
}
