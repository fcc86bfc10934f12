import { within } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { TcpAddress } from "../core/tcp-address.ts";
import type { ServerTls } from "../core/tls/tls-material.ts";
import { Acceptor, connectionsAllowed } from "./acceptor.ts";
import { bind } from "./bind.ts";
import { lingerMs } from "./end-connection.ts";
import { type HttpHandler, serveByHandlers } from "./http-handler.ts";
import { Http1Server } from "./http1/http1-server.ts";
import type { FastPath } from "./http1/response-head.ts";
import { defaultTimeouts, maxHeaderBytesOf, type Timeouts } from "./limits.ts";
import { type PathCounts, type PortSharing, uncounted } from "./listener.ts";

export interface HttpOptions {
  /** For messages: "OFREP", "management". */
  readonly name: string;
  readonly address: TcpAddress;
  readonly shared?: PortSharing;
  /** Asked in this order. */
  readonly handlers: readonly HttpHandler[];
  /** Answers what it can as the handlers would; for connections with and without TLS. */
  readonly fastPath?: (secure: boolean) => FastPath | undefined;
  /** The port takes TLS and plaintext side by side. */
  readonly tls?: ServerTls;
  /** Bytes of all fields of a request. */
  readonly maxRequestHeader: number;
  readonly paths?: PathCounts;
  readonly log: Log;
}

export interface HttpServer {
  /** The real one, once bound. */
  readonly port: number;
  readonly address: TcpAddress;
  /** Accepts no more, waits for requests in flight up to `graceMs`, then closes what is left. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Serves handlers on a port of HTTP/1.1.
 * @throws ConfigError if the port is taken or a certificate cannot be used
 */
export async function serveHttp(
  options: HttpOptions,
  tuned: Partial<Timeouts> = {},
): Promise<HttpServer> {
  const { name, shared, handlers, fastPath, tls, maxRequestHeader, log } = options;
  const timeouts: Timeouts = { ...defaultTimeouts, ...tuned };
  const http1 = new Http1Server({
    maxHeaderBytes: maxHeaderBytesOf(maxRequestHeader),
    timeouts,
    ...(fastPath && { fastPath }),
    paths: options.paths ?? uncounted(),
    serve: serveByHandlers(handlers, log),
  });
  const acceptor = new Acceptor(
    { tls, besidePlaintext: true, timeouts, maxConnections: connectionsAllowed(shared), log },
    { http1: (socket, first) => http1.accept(socket, first) },
  );
  const address = { ...options.address, ...(shared && { shared }) };
  const bound = await bind(acceptor.server, address, name);
  const port = "port" in bound ? bound.port : 0;
  return {
    port,
    address: { ...options.address, port },
    async stop(graceMs) {
      acceptor.stop();
      http1.drain();
      await within(acceptor.empty(), Math.max(lingerMs, graceMs));
      acceptor.destroyAll();
    },
  };
}
