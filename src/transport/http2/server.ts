import {
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import type { Log } from "../../telemetry/log.ts";
import { BatchingSocket } from "../batching-socket.ts";
import { ExpiryQueue } from "../expiry.ts";
import { type Timeouts, windowBytes } from "../limits.ts";
import { FrameGuard } from "./frame-guard.ts";
import { PingCounter, type PingRule } from "./pings.ts";

/** Go counts this much on top of its limit on headers. */
const headerSlackBytes = 320;

export interface Http2Options {
  readonly maxConcurrentStreams: number;
  readonly maxHeaderBytes: number;
  readonly pings: PingRule | undefined;
  readonly timeouts: Timeouts;
  readonly log: Log;
  /** A request; `onSend` is to be called when data is sent later than with the answer's headers. */
  readonly serve: (
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    onSend: (() => void) | undefined,
  ) => void;
}

interface Connection {
  readonly session: ServerHttp2Session;
  readonly transport: BatchingSocket;
  readonly onSend: (() => void) | undefined;
  streams: number;
}

/** node:http2 on connections that somebody else accepts. */
export class Http2Server {
  readonly #options: Http2Options;
  readonly #server: ReturnType<typeof createServer>;
  readonly #connections = new Set<Connection>();
  readonly #idle: ExpiryQueue<Connection>;
  #draining = false;

  constructor(options: Http2Options) {
    this.#options = options;
    this.#idle = new ExpiryQueue(options.timeouts.idleMs, ({ session }) => session.close());
    this.#server = createServer({
      settings: {
        maxConcurrentStreams: options.maxConcurrentStreams,
        maxFrameSize: windowBytes,
        initialWindowSize: windowBytes,
        maxHeaderListSize: options.maxHeaderBytes + headerSlackBytes,
      },
    });
    this.#server.on("sessionError", (error) => {
      options.log.debug("an HTTP/2 connection broke", { error });
    });
  }

  /** @param first Bytes that were read from the socket before. */
  accept(socket: Socket, first: Uint8Array): void {
    const transport = new BatchingSocket(socket, first, new FrameGuard());
    this.#server.once("session", (session) => this.#open(session, transport));
    this.#server.emit("connection", transport);
  }

  #open(session: ServerHttp2Session, transport: BatchingSocket): void {
    const { pings: rule, serve, log } = this.#options;
    const pings = rule && new PingCounter(rule);
    const connection: Connection = {
      session,
      transport,
      streams: 0,
      onSend: pings && (() => pings.forgive()),
    };
    this.#connections.add(connection);
    this.#idle.add(connection, performance.now());
    session.setLocalWindowSize(windowBytes);

    session.on("stream", (stream, headers) => {
      stream.on("error", ignore);
      if (connection.streams++ === 0) this.#idle.delete(connection);
      stream.once("close", () => {
        if (--connection.streams > 0 || !this.#connections.has(connection)) return;
        if (this.#draining) finish(connection);
        else this.#idle.add(connection, performance.now());
      });
      pings?.forgive();
      try {
        serve(stream, headers, connection.onSend);
      } catch (error) {
        log.error("a request failed unexpectedly", { path: headers[":path"], error });
        stream.destroy();
      }
    });
    if (pings) {
      session.on("ping", () => {
        if (pings.ping(performance.now(), connection.streams > 0)) tooManyPings(connection);
      });
    }
    session.on("close", () => {
      this.#connections.delete(connection);
      this.#idle.delete(connection);
    });
  }

  sweep(now: number): void {
    this.#idle.sweep(now);
  }

  /** Announces the end to every client; connections close when their streams have ended. */
  drain(): void {
    this.#draining = true;
    for (const connection of this.#connections) {
      connection.session.close();
      // The session itself would also wait for streams that it ignores because they came too late.
      if (connection.streams === 0) finish(connection);
    }
  }
}

function ignore(): void {}

/** gRFC A8. */
function tooManyPings(connection: Connection): void {
  if (connection.session.destroyed) return;
  connection.session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from("too_many_pings"));
  finish(connection);
}

/** Closes a connection when Bun has written its last frames, which it does after reading. */
function finish({ transport }: Connection): void {
  setImmediate(() => transport.end(() => transport.destroy()));
}
