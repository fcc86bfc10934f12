import { createServer, type Server, type Socket } from "node:net";
import type { SecureContext } from "node:tls";
import { ExpiryQueue, type Place, sweeper } from "../core/expiry.ts";
import { http2Preface } from "../core/http2-preface.ts";
import type { Log } from "../core/log.ts";
import { maxOpenFiles } from "../core/process-info.ts";
import type { ServerTls } from "../core/tls/tls-material.ts";
import { followCertificates, readCertificates } from "./certificates.ts";
import {
  connectionBufferBytes,
  maxConnections,
  otherFiles,
  type Timeouts,
  tcpKeepAliveMs,
} from "./limits.ts";
import type { PortSharing } from "./listener.ts";

/** A handler of connections whose first bytes were read. */
export type Accept = (socket: Socket, first: Buffer) => void;

export interface AcceptorOptions {
  /** Undefined: plaintext. */
  readonly tls: ServerTls | undefined;
  /** TLS and plaintext side by side, told apart by the first byte. */
  readonly besidePlaintext?: boolean;
  readonly timeouts: Timeouts;
  /** Open at once. */
  readonly maxConnections: number;
  readonly log: Log;
  readonly clock?: AcceptorClock;
}

/** Time, passed in so that tests decide it. */
export interface AcceptorClock {
  /** Milliseconds. */
  now(): number;
  after(ms: number, run: () => void): void;
}

const systemClock: AcceptorClock = {
  now: () => performance.now(),
  after: (ms, run) => setTimeout(run, ms).unref(),
};

/** Who takes connections, by what they speak. */
export interface Protocols {
  readonly http1: Accept;
  /** Without it HTTP/1.1 is all that is offered over TLS. */
  readonly http2?: Accept;
}

/** The first byte of every TLS connection (RFC 8446 §5.1), and of no request. */
const handshakeRecord = 0x16;

/** How often it is said that there are too many connections, and how long after the first. */
const refusalsMs = 60_000;
const firstRefusalsMs = 250;

/** Accepts connections, with or without TLS, and hands them on by the protocol they speak. */
export class Acceptor {
  readonly server: Server;
  /** Every open connection, and its place among those that are unidentified. */
  readonly #sockets = new Map<Socket, Place<Socket>>();
  /** Connections that have not said yet what they speak. */
  readonly #unidentified: ExpiryQueue<Socket>;
  readonly #protocols: Protocols;
  readonly #log: Log;
  readonly #leaveMs: number;
  readonly #endWatch: () => void;
  /** Given if TLS and plaintext are served side by side. */
  #secureContext: SecureContext | undefined;
  readonly #asksClients: boolean;
  #onEmpty: (() => void) | undefined;
  readonly #maxConnections: number;
  /** Connections closed because there were too many, not yet logged. */
  #refused = 0;
  #loggedAt = Number.NEGATIVE_INFINITY;
  readonly #clock: AcceptorClock;
  #hinted = false;

  /** @throws ConfigError if certificates cannot be used */
  constructor(options: AcceptorOptions, protocols: Protocols) {
    const { tls, besidePlaintext, timeouts, maxConnections, log } = options;
    this.#protocols = protocols;
    this.#log = log;
    this.#asksClients = tls?.clientCaPath !== undefined;
    this.#leaveMs = timeouts.leaveMs;
    this.#maxConnections = maxConnections;
    this.#unidentified = new ExpiryQueue(timeouts.headersMs, (socket) => socket.destroy(), sweeper);
    this.#clock = options.clock ?? systemClock;
    if (tls !== undefined && !besidePlaintext) {
      const server = this.#createTlsServer(tls, timeouts.headersMs);
      this.server = server;
      this.#endWatch = followCertificates(tls, timeouts.certificateCheckMs, log, (changed) =>
        server.setSecureContext(changed),
      );
      return;
    }
    this.server = createServer(
      { noDelay: true, highWaterMark: connectionBufferBytes },
      (socket) => {
        if (this.#track(socket)) this.#sniff(socket, socket);
      },
    );
    this.#endWatch = () => {};
    if (tls === undefined) return;
    const { createSecureContext } = process.getBuiltinModule("node:tls");
    this.#secureContext = createSecureContext(readCertificates(tls));
    this.#endWatch = followCertificates(tls, timeouts.certificateCheckMs, log, (changed) => {
      this.#secureContext = createSecureContext(changed);
    });
  }

  #createTlsServer(tls: ServerTls, handshakeTimeout: number) {
    // A start without TLS does not load it.
    const { createServer } = process.getBuiltinModule("node:tls");
    const options = { ...readCertificates(tls), ALPNProtocols: this.#alpn, handshakeTimeout };
    const server = createServer(options, (socket) => this.#sniff(socket, socket));
    server.on("connection", (socket: Socket) => this.#track(socket));
    server.on("tlsClientError", (error: NodeJS.ErrnoException, socket: Socket) => {
      this.#onTlsError(error);
      // BUN 1.4.5: a handshake that takes too long is only reported.
      socket.destroy();
    });
    return server;
  }

  get #alpn(): string[] {
    return this.#protocols.http2 ? ["h2", "http/1.1"] : ["http/1.1"];
  }

  /** @returns False if there are too many connections. */
  #track(socket: Socket): boolean {
    socket.on("error", ignore);
    if (this.#sockets.size >= this.#maxConnections) {
      socket.destroy();
      this.#onRefused();
      return false;
    }
    const place = this.#unidentified.add(socket, performance.now());
    this.#sockets.set(socket, place);
    socket.on("close", () => {
      this.#sockets.delete(socket);
      place.stop();
      if (this.#sockets.size === 0) this.#onEmpty?.();
    });
    return true;
  }

  /** @param accepted the connection itself, of which `socket` may be the inside of TLS */
  #sniff(socket: Socket, accepted: Socket): void {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, tcpKeepAliveMs);
    let first: Buffer = Buffer.alloc(0);
    const sniff = (chunk: Buffer): void => {
      first = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
      if (this.#secureContext && socket === accepted && first[0] === handshakeRecord) {
        socket.off("data", sniff);
        this.#secure(socket, first, this.#secureContext);
        return;
      }
      const protocol = sniffProtocol(first);
      if (protocol === undefined) return;
      socket.off("data", sniff);
      this.#sockets.get(accepted)?.stop();
      const { http1, http2 = http1 } = this.#protocols;
      (protocol === "http2" ? http2 : http1)(socket, first);
    };
    socket.on("data", sniff);
  }

  /** Its handshake has the rest of the time for a connection's first bytes. */
  #secure(accepted: Socket, first: Buffer, secureContext: SecureContext): void {
    const { TLSSocket } = process.getBuiltinModule("node:tls");
    // TLSSocket reads what is in the socket's buffer, and no `data` events.
    accepted.pause();
    accepted.unshift(first);
    const requestCert = this.#asksClients;
    const socket = new TLSSocket(accepted, {
      isServer: true,
      secureContext,
      ALPNProtocols: this.#alpn,
      requestCert,
      // Who has none is told so by an alert, and not only cut off.
      rejectUnauthorized: requestCert,
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#onTlsError(error);
      accepted.destroy();
    });
    socket.on("close", () => accepted.destroy());
    socket.once("secure", () => {
      // Whatever the handshake let pass.
      if (requestCert && !socket.authorized) accepted.destroy();
      else this.#sniff(socket, accepted);
    });
  }

  #onTlsError(error: NodeJS.ErrnoException): void {
    if (error.code === "ERR_SSL_HTTP_REQUEST" && !this.#hinted) {
      this.#hinted = true;
      this.#log.warn("a client sent a plaintext request to this TLS port");
    }
    this.#log.debug("a TLS handshake failed", { reason: error.code ?? error.message });
  }

  /** Those that come together are logged together. */
  #onRefused(): void {
    if (this.#refused++ > 0) return;
    const { now, after } = this.#clock;
    after(Math.max(firstRefusalsMs, this.#loggedAt + refusalsMs - now()), () => {
      const maxConnections = this.#maxConnections;
      const fields = { maxConnections, closed: this.#refused };
      this.#log.warn("connection limit reached, closing new connections", fields);
      this.#loggedAt = now();
      this.#refused = 0;
    });
  }

  /** Accepts no more. Connections that have said nothing yet have little time left to do so. */
  stop(): void {
    this.#endWatch();
    this.server.close();
    this.#unidentified.shorten(this.#leaveMs, performance.now());
  }

  /** Resolves when no connection is open. */
  empty(): Promise<void> {
    if (this.#sockets.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  destroyAll(): void {
    for (const socket of this.#sockets.keys()) socket.destroy();
  }
}

function ignore(): void {}

/** Tells HTTP/2 from HTTP/1.1 by a connection's first bytes; undefined: too few to tell. */
export function sniffProtocol(first: Uint8Array): "http2" | "http1" | undefined {
  const compared = Math.min(first.length, http2Preface.length);
  if (http2Preface.compare(first, 0, compared, 0, compared) !== 0) return "http1";
  return compared === http2Preface.length ? "http2" : undefined;
}

/**
 * The connections that this thread may have open on one of three or four ports. If there are no descriptors
 * left Bun accepts nothing and says nothing, and even probes get no answer.
 */
export function connectionsAllowed(
  shared: Pick<PortSharing, "threads"> | undefined,
  openFiles = maxOpenFiles(),
): number {
  const spare = Math.max(openFiles - otherFiles, openFiles / 2);
  const part = Math.floor(spare / 4 / (shared?.threads ?? 1));
  return Math.min(maxConnections, Math.max(1, part));
}
