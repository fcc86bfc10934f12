import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { ExpiryQueue } from "../expiry.ts";
import type { Timeouts } from "../limits.ts";
import { endThenDestroy } from "../linger.ts";
import type { Exchange } from "../universal/exchange.ts";
import { Http1Exchange } from "./exchange.ts";
import { type PlainAnswer, PlainConnection } from "./plain-connection.ts";

/** What HTTP/1.1 leaves out of the limit on headers, as Go does: the request line and some slack. */
const headerSlackBytes = 4096;

/** A connection, between or within requests. */
interface Connection {
  readonly socket: Socket;
  /** Requests whose answers are not complete; more than one where the client pipelines. */
  open: number;
  /** Reads the connection until something comes that it does not answer. */
  plain?: PlainConnection | undefined;
}

export interface Http1Options {
  readonly maxHeaderBytes: number;
  readonly timeouts: Timeouts;
  /** Answers requests on the short path. */
  readonly plain: PlainAnswer;
  readonly serve: (exchange: Exchange) => void;
}

/** node:http on connections that somebody else accepts. */
export class Http1Server {
  /** For requests that are not answered from their bytes; loaded for the first of them. */
  #server: Server | undefined;
  readonly #keepAliveMs: number;
  readonly #serve: Http1Options["serve"];
  readonly #connections = new Map<Socket, Connection>();
  readonly #headers: ExpiryQueue<Connection>;
  readonly #idle: ExpiryQueue<Connection>;
  readonly #plain: PlainAnswer;
  readonly #maxHeaderBytes: number;
  #draining = false;

  constructor({ maxHeaderBytes, timeouts, plain, serve }: Http1Options) {
    const drop = ({ socket }: Connection) => socket.destroy();
    this.#headers = new ExpiryQueue(timeouts.headersMs, (connection) => {
      if (connection.plain) connection.plain.expire();
      else drop(connection);
    });
    this.#idle = new ExpiryQueue(timeouts.keepAliveMs, drop);
    this.#plain = plain;
    this.#maxHeaderBytes = maxHeaderBytes + headerSlackBytes;
    this.#keepAliveMs = timeouts.keepAliveMs;
    this.#serve = serve;
  }

  #createServer(): Server {
    const server = process.getBuiltinModule("node:http").createServer({
      maxHeaderSize: this.#maxHeaderBytes,
      keepAliveTimeout: this.#keepAliveMs,
    });
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      this.#track(request.socket, response);
      request.on("error", ignore);
      response.on("error", ignore);
      this.#serve(new Http1Exchange(request, response, () => this.#draining));
    });
    server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
      refuse(socket, error.code === "HPE_HEADER_OVERFLOW" ? tooLargeHeaders : badRequest);
    });
    return server;
  }

  /** @param first Bytes that were read from the socket before. */
  accept(socket: Socket, first: Uint8Array): void {
    const connection: Connection = { socket, open: 0 };
    this.#connections.set(socket, connection);
    this.#headers.add(connection, performance.now());
    socket.on("close", () => {
      this.#connections.delete(socket);
      this.#headers.delete(connection);
      this.#idle.delete(connection);
    });
    const plain = new PlainConnection(socket, this.#plain, this.#maxHeaderBytes, {
      onIdle: (partial) => {
        const now = performance.now();
        (partial ? this.#idle : this.#headers).delete(connection);
        (partial ? this.#headers : this.#idle).add(connection, now);
      },
      onOther: (bytes) => {
        connection.plain = undefined;
        this.#idle.delete(connection);
        this.#headers.add(connection, performance.now());
        this.#useNode(connection, bytes);
      },
    });
    connection.plain = plain;
    plain.read(Buffer.from(first.buffer, first.byteOffset, first.length));
  }

  #useNode(connection: Connection, first: Uint8Array): void {
    const { socket } = connection;
    socket.on("data", () => {
      if (connection.open > 0 || !this.#idle.has(connection)) return;
      this.#idle.delete(connection);
      this.#headers.add(connection, performance.now());
    });
    // node:http would reset a connection that it closes, where the client is still sending.
    socket.destroySoon = () => endThenDestroy(socket);
    // node:http takes a connection from its server's `connection` event and reads by `data` events.
    this.#server ??= this.#createServer();
    this.#server.emit("connection", socket);
    socket.emit("data", first);
  }

  #track(socket: Socket, response: ServerResponse): void {
    const connection = this.#connections.get(socket);
    if (!connection) return;
    connection.open++;
    this.#headers.delete(connection);
    this.#idle.delete(connection);
    response.once("close", () => {
      if (--connection.open > 0 || socket.destroyed) return;
      if (this.#draining) endThenDestroy(socket);
      else this.#idle.add(connection, performance.now());
    });
  }

  sweep(now: number): void {
    this.#headers.sweep(now);
    this.#idle.sweep(now);
  }

  /** Closes idle connections now, and the others after their answers. */
  drain(): void {
    this.#draining = true;
    for (const { socket, open } of this.#connections.values())
      if (open === 0) endThenDestroy(socket);
  }
}

function ignore(): void {}

const badRequest = "400 Bad Request";
const tooLargeHeaders = "431 Request Header Fields Too Large";

/** Answers what node:http could not make a request of, and closes. */
export function refuse(socket: Socket, status: string, message = status): void {
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
        `Content-Length: ${Buffer.byteLength(message)}\r\nConnection: close\r\n\r\n${message}`,
    );
  }
  endThenDestroy(socket);
}
