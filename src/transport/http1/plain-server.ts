import type { Socket } from "node:net";
import { ExpiryQueue } from "../expiry.ts";
import type { Timeouts } from "../limits.ts";
import { endThenDestroy } from "../linger.ts";
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
  readonly #connections = new Set<Socket>();
  /** Connections that have not sent a whole head yet. */
  readonly #headers: ExpiryQueue<PlainConnection>;
  /** Connections between requests. */
  readonly #idle: ExpiryQueue<PlainConnection>;

  constructor(options: PlainOptions) {
    this.#options = options;
    const { headersMs, keepAliveMs } = options.timeouts;
    this.#headers = new ExpiryQueue(headersMs, (connection) => connection.expire());
    this.#idle = new ExpiryQueue(keepAliveMs, (connection) => connection.destroy());
  }

  /** @param first Bytes that were read from the socket before. */
  accept(socket: Socket, first: Buffer): void {
    const { maxHeaderBytes, answer, other } = this.#options;
    const forget = () => {
      this.#connections.delete(socket);
      this.#headers.delete(connection);
      this.#idle.delete(connection);
    };
    const connection = new PlainConnection(socket, answer, maxHeaderBytes, {
      onIdle: (partial) => {
        const now = performance.now();
        (partial ? this.#idle : this.#headers).delete(connection);
        (partial ? this.#headers : this.#idle).add(connection, now);
      },
      onOther: (bytes) => {
        socket.off("close", forget);
        forget();
        other(socket, bytes);
      },
    });
    this.#connections.add(socket);
    this.#headers.add(connection, performance.now());
    socket.on("close", forget);
    connection.read(first);
  }

  sweep(now: number): void {
    this.#headers.sweep(now);
    this.#idle.sweep(now);
  }

  /** Answers are complete when they are there: nothing has to be waited for. */
  drain(): void {
    for (const socket of this.#connections) endThenDestroy(socket);
  }
}
