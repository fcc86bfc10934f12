import type { Socket } from "node:net";
import { ExpiryQueue } from "../../core/expiry.ts";
import type { Timeouts } from "../limits.ts";
import { type PlainAnswer, PlainConnection } from "./plain-connection.ts";

export interface PlainOptions {
  /** A longer head is for `other` to refuse. */
  readonly maxHeaderBytes: number;
  readonly timeouts: Timeouts;
  readonly answer: PlainAnswer;
  /** Has the connection from here on, beginning with bytes that were read from it. */
  readonly other: (socket: Socket, bytes: Uint8Array) => void;
}

/** Connections on which all requests so far were answered from their bytes. */
export class PlainServer {
  readonly #options: PlainOptions;
  readonly #connections = new Set<PlainConnection>();
  /** Connections that have not sent a whole head yet. */
  readonly #headers: ExpiryQueue<PlainConnection>;
  /** Connections between requests. */
  readonly #idle: ExpiryQueue<PlainConnection>;
  /** Idle connections whose clients have not read their answers. */
  readonly #unread: ExpiryQueue<PlainConnection>;
  #draining = false;

  constructor(options: PlainOptions) {
    this.#options = options;
    const { headersMs, keepAliveMs, answerMs } = options.timeouts;
    this.#headers = new ExpiryQueue(headersMs, (connection) => connection.expire());
    this.#idle = new ExpiryQueue(keepAliveMs, (connection) => {
      if (connection.unread) this.#unread.add(connection, performance.now());
      else connection.destroy();
    });
    this.#unread = new ExpiryQueue(answerMs, (connection) => connection.destroy());
  }

  /** @param first Bytes that were read from the socket before. */
  accept(socket: Socket, first: Buffer): void {
    const { maxHeaderBytes, answer, other } = this.#options;
    const forget = () => {
      this.#connections.delete(connection);
      this.#headers.delete(connection);
      this.#idle.delete(connection);
      this.#unread.delete(connection);
    };
    const connection = new PlainConnection(socket, answer, maxHeaderBytes, {
      onIdle: (partial) => {
        const now = performance.now();
        if (this.#unread.size > 0) this.#unread.delete(connection);
        (partial ? this.#idle : this.#headers).delete(connection);
        (partial ? this.#headers : this.#idle).add(connection, now);
      },
      onOther: (bytes) => {
        socket.off("close", forget);
        forget();
        other(socket, bytes);
      },
    });
    this.#connections.add(connection);
    if (this.#draining) connection.drain();
    this.#headers.add(connection, performance.now());
    socket.on("close", forget);
    connection.read(first);
  }

  sweep(now: number): void {
    this.#headers.sweep(now);
    this.#idle.sweep(now);
    this.#unread.sweep(now);
  }

  /** Connections end with their next answer, or when they have been idle for a while. */
  drain(): void {
    this.#draining = true;
    for (const connection of this.#connections) connection.drain();
    this.#idle.shorten(this.#options.timeouts.leaveMs, performance.now());
  }
}
