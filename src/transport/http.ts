/**
 * HTTP/1.1 for request handlers of the Fetch API: what OFREP and management need, and no more.
 */
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../core/log.ts";
import type { ServerTls } from "../core/server-tls.ts";
import { within } from "../core/within.ts";
import { Acceptor } from "./acceptor.ts";
import { bind } from "./bind.ts";
import { connectionsAllowed } from "./connection-limit.ts";
import { serveFetch } from "./fetch-server.ts";
import type { PlainAnswer } from "./http1/plain-connection.ts";
import { PlainServer } from "./http1/plain-server.ts";
import { relay } from "./http1/relay.ts";
import { defaultTimeouts, sweepMs, type Timeouts } from "./limits.ts";
import { lingerMs } from "./linger.ts";
import type { PortSharing } from "./listener.ts";

/** undefined: the request is not for this handler, the next is asked. */
export type HttpHandler = (request: Request) => Response | Promise<Response> | undefined;

export interface HttpOptions {
  /** For messages: "OFREP", "management". */
  readonly name: string;
  /** 0: any free port. */
  readonly port: number;
  /** All interfaces where not given. */
  readonly hostname?: string;
  readonly shared?: PortSharing;
  /** Asked in this order. They bound the bodies that they read. */
  readonly handlers: readonly HttpHandler[];
  /** Answers from the bytes of a request what it can, as the handlers would. */
  readonly plain?: PlainAnswer;
  readonly tls?: ServerTls;
  /** Bytes of request line and headers, of all HTTP servers of this process. */
  readonly maxRequestHeader: number;
  /** After a request that is not `plain`, a connection is closed after this much silence; 9,000. */
  readonly silenceMs?: number;
  readonly log: Log;
}

export interface HttpServer {
  /** The real one, once bound. */
  readonly port: number;
  /** Accepts no more, waits for requests in flight up to `graceMs`, then closes what is left. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Connections are accepted here, where they are counted and timed, and requests answered from their
 * bytes where that can be: of a small one Bun.serve itself is most of the cost. A connection that asks
 * anything else is handed on to it, over a unix socket.
 * @throws ConfigError where the port is taken or a certificate cannot be used.
 */
export async function serveHttp(
  options: HttpOptions,
  tuned: Partial<Timeouts> = {},
): Promise<HttpServer> {
  const { name, port, hostname, shared, handlers, plain, tls, maxRequestHeader, silenceMs, log } =
    options;
  const timeouts: Timeouts = { ...defaultTimeouts, ...tuned };
  const socketPath = privateSocketPath();
  const front = new PlainServer({
    maxHeaderBytes: maxRequestHeader > 0 ? maxRequestHeader : Number.POSITIVE_INFINITY,
    timeouts,
    answer: plain ?? (() => undefined),
    other: (socket, bytes) => relay(socket, bytes, socketPath),
  });
  const acceptor = new Acceptor(
    { tls, timeouts, maxConnections: connectionsAllowed(shared), log },
    { http1: (socket, first) => front.accept(socket, first) },
  );
  const address = { port, ...(hostname && { host: hostname }), ...(shared && { shared }) };
  const bound = await bind(acceptor.server, address, name);
  const behind = serveFetch({ socketPath, handlers, maxRequestHeader, silenceMs, log });
  const sweeper = setInterval(() => {
    const now = performance.now();
    acceptor.sweep(now);
    front.sweep(now);
  }, sweepMs);
  return {
    port: "port" in bound ? bound.port : 0,
    async stop(graceMs) {
      const end = performance.now() + graceMs;
      acceptor.stop();
      front.drain();
      await behind.stop(graceMs);
      // The last answers may still be on their way through here.
      await within(acceptor.empty(), Math.max(lingerMs, end - performance.now()));
      clearInterval(sweeper);
      acceptor.destroyAll();
      if (!socketPath.startsWith("\0")) rmSync(socketPath, { force: true });
    },
  };
}

/** On Linux a name without a file. */
function privateSocketPath(): string {
  const name = `flagd-${process.pid}-${crypto.randomUUID().slice(0, 8)}`;
  return process.platform === "linux" ? `\0${name}` : join(tmpdir(), `${name}.sock`);
}
