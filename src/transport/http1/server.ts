import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { ExpiryQueue } from "../../core/expiry.ts";
import type { Exchange } from "../connect/exchange.ts";
import { requestLineBytes, type Timeouts } from "../limits.ts";
import { endThenDestroy } from "../linger.ts";
import { Http1Exchange } from "./exchange.ts";
import type { PlainAnswer } from "./plain-connection.ts";
import { PlainServer } from "./plain-server.ts";

/** A connection, between or within requests. */
interface Connection {
  readonly socket: Socket;
  /** Requests whose answers are not complete; more than one where the client pipelines. */
  open: number;
}

export interface Http1Options {
  readonly maxHeaderBytes: number;
  readonly timeouts: Timeouts;
  /** Answers requests on the short path. */
  readonly plain: PlainAnswer;
  readonly serve: (exchange: Exchange) => void;
}

/**
 * HTTP/1.1 on connections that somebody else accepts: requests are answered from their bytes where
 * that can be, and by node:http where not.
 */
export class Http1Server {
  readonly #plain: PlainServer;
  /** Loaded for the first request that needs it. */
  #server: Server | undefined;
  readonly #keepAliveMs: number;
  readonly #leaveMs: number;
  readonly #serve: Http1Options["serve"];
  readonly #connections = new Map<Socket, Connection>();
  readonly #headers: ExpiryQueue<Connection>;
  readonly #idle: ExpiryQueue<Connection>;
  readonly #maxHeaderBytes: number;
  #draining = false;

  constructor({ maxHeaderBytes, timeouts, plain, serve }: Http1Options) {
    const drop = ({ socket }: Connection) => socket.destroy();
    this.#headers = new ExpiryQueue(timeouts.headersMs, drop);
    this.#idle = new ExpiryQueue(timeouts.keepAliveMs, drop);
    this.#maxHeaderBytes = maxHeaderBytes + requestLineBytes;
    this.#keepAliveMs = timeouts.keepAliveMs;
    this.#leaveMs = timeouts.leaveMs;
    this.#serve = serve;
    this.#plain = new PlainServer({
      maxHeaderBytes: this.#maxHeaderBytes,
      timeouts,
      answer: plain,
      other: (socket, bytes) => this.#useNode(socket, bytes),
    });
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
  accept(socket: Socket, first: Buffer): void {
    this.#plain.accept(socket, first);
  }

  #useNode(socket: Socket, first: Uint8Array): void {
    const connection: Connection = { socket, open: 0 };
    this.#connections.set(socket, connection);
    this.#headers.add(connection, performance.now());
    socket.on("close", () => {
      this.#connections.delete(socket);
      this.#headers.delete(connection);
      this.#idle.delete(connection);
    });
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
    this.#plain.sweep(now);
    this.#headers.sweep(now);
    this.#idle.sweep(now);
  }

  /** Connections end with their next answer, or when they have been idle for a while. */
  drain(): void {
    this.#draining = true;
    this.#plain.drain();
    this.#idle.shorten(this.#leaveMs, performance.now());
  }
}

function ignore(): void {}

const badRequest = "400 Bad Request";
const tooLargeHeaders = "431 Request Header Fields Too Large";

/** Answers what is no request that this port takes, and closes. */
export function refuse(socket: Socket, status: string, message = status): void {
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
        `Content-Length: ${Buffer.byteLength(message)}\r\nConnection: close\r\n\r\n${message}`,
    );
  }
  endThenDestroy(socket);
}
