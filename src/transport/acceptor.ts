import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Log } from "../telemetry/log.ts";
import { readCertificates, watchCertificates } from "./certificates.ts";
import { ExpiryQueue } from "./expiry.ts";
import { connectionBufferBytes, type Timeouts, tcpKeepAliveMs } from "./limits.ts";
import type { TlsFiles } from "./listener.ts";
import { connectionsAllowed } from "./open-files.ts";
import { sniffProtocol } from "./sniff.ts";

/** A handler of connections whose first bytes were read. */
export type Accept = (socket: Socket, first: Buffer) => void;

/** Accepts connections, with or without TLS, and hands them on by the protocol they speak. */
export class Acceptor {
  readonly server: Server;
  /** Every open connection. */
  readonly #sockets = new Set<Socket>();
  /** Connections that have not said yet what they speak. */
  readonly #silent: ExpiryQueue<Socket>;
  readonly #protocols: { readonly http1: Accept; readonly http2: Accept };
  readonly #log: Log;
  readonly #leaveMs: number;
  readonly #endWatch: () => void;
  #onEmpty: (() => void) | undefined;
  readonly #maxConnections = connectionsAllowed();
  #full = false;
  #hinted = false;

  /** @throws ConfigError where certificates cannot be used. */
  constructor(
    tls: TlsFiles | undefined,
    timeouts: Timeouts,
    log: Log,
    protocols: { readonly http1: Accept; readonly http2: Accept },
  ) {
    this.#protocols = protocols;
    this.#log = log;
    this.#leaveMs = timeouts.leaveMs;
    this.#silent = new ExpiryQueue(timeouts.headersMs, (socket) => socket.destroy());
    if (tls === undefined) {
      this.server = createServer(
        { noDelay: true, highWaterMark: connectionBufferBytes },
        (socket) => {
          if (this.#track(socket)) this.#sniff(socket);
        },
      );
      this.#endWatch = () => {};
    } else {
      const server = createTlsServer(
        { ...readCertificates(tls), handshakeTimeout: timeouts.headersMs },
        (socket) => this.#sniff(socket),
      );
      server.on("connection", (socket: Socket) => this.#track(socket));
      server.on("tlsClientError", (error: NodeJS.ErrnoException, socket: Socket) => {
        this.#onTlsError(error);
        // Bun only reports a handshake that takes too long.
        socket.destroy();
      });
      this.server = server;
      this.#endWatch = watchCertificates(tls, timeouts.certificateCheckMs, log, (options) =>
        server.setSecureContext(options),
      );
    }
  }

  /** @returns False where there are too many connections. */
  #track(socket: Socket): boolean {
    socket.on("error", ignore);
    if (this.#sockets.size >= this.#maxConnections) {
      if (!this.#full)
        this.#log.warn("too many connections, new ones are closed", {
          maxConnections: this.#maxConnections,
        });
      this.#full = true;
      socket.destroy();
      return false;
    }
    this.#full = false;
    this.#sockets.add(socket);
    this.#silent.add(socket, performance.now());
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#silent.delete(socket);
      if (this.#sockets.size === 0) this.#onEmpty?.();
    });
    return true;
  }

  #sniff(socket: Socket): void {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, tcpKeepAliveMs);
    let first: Buffer = Buffer.alloc(0);
    const sniff = (chunk: Buffer): void => {
      first = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
      const protocol = sniffProtocol(first);
      if (protocol === undefined) return;
      socket.off("data", sniff);
      this.#silent.delete(socket);
      this.#protocols[protocol](socket, first);
    };
    socket.on("data", sniff);
  }

  #onTlsError(error: NodeJS.ErrnoException): void {
    if (error.code === "ERR_SSL_HTTP_REQUEST" && !this.#hinted) {
      this.#hinted = true;
      this.#log.warn("a client sent a plaintext request to this TLS port");
    }
    this.#log.debug("a TLS handshake failed", { reason: error.code ?? error.message });
  }

  sweep(now: number): void {
    this.#silent.sweep(now);
  }

  /** Accepts no more. Connections that have said nothing yet have little time left to do so. */
  stop(): void {
    this.#endWatch();
    this.server.close();
    this.#silent.shorten(this.#leaveMs, performance.now());
  }

  /** Resolves when no connection is open. */
  empty(): Promise<void> {
    if (this.#sockets.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

function ignore(): void {}
