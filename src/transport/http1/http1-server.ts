import type { Socket } from "node:net";
import { ExpiryQueue, Place, sweeper } from "../../core/expiry.ts";
import { lingerMs } from "../end-connection.ts";
import { requestLineBytes, type Timeouts } from "../limits.ts";
import type { PathCounts } from "../listener.ts";
import { Http1Connection, type Phase } from "./http1-connection.ts";
import type { Http1Exchange } from "./http1-exchange.ts";
import { KnownHeads } from "./request-head.ts";
import { type FastPath, type HeadEnd, headEnd } from "./response-head.ts";

export interface Http1Options {
  /** Of all fields of a request. */
  readonly maxHeaderBytes: number;
  readonly timeouts: Timeouts;
  /** For connections with and without TLS. */
  readonly fastPath?: (secure: boolean) => FastPath | undefined;
  readonly paths: PathCounts;
  /** The general path. */
  readonly serve: (exchange: Http1Exchange) => void;
}

/** HTTP/1.1 on connections that an acceptor hands over. */
export class Http1Server {
  readonly #options: Http1Options;
  readonly #fastPaths: Readonly<Record<"plain" | "secure", FastPath | undefined>>;
  readonly #heads = new KnownHeads();
  readonly #headEnd: HeadEnd;
  readonly #connections = new Set<Http1Connection>();
  readonly #queues: Readonly<Record<Exclude<Phase, "answering">, ExpiryQueue<Http1Connection>>>;
  #draining = false;

  constructor(options: Http1Options) {
    this.#options = options;
    const { fastPath, timeouts } = options;
    this.#headEnd = headEnd(timeouts.keepAliveMs);
    this.#fastPaths = { plain: fastPath?.(false), secure: fastPath?.(true) };
    const queue = (ms: number) =>
      new ExpiryQueue<Http1Connection>(ms, (connection) => connection.expire(), sweeper);
    this.#queues = {
      request: queue(timeouts.headersMs),
      "next request": queue(timeouts.keepAliveMs),
      reader: queue(timeouts.answerMs),
      "last words": queue(lingerMs),
    };
  }

  /** @param first Bytes that were read from the socket before. */
  accept(socket: Socket, first: Buffer): void {
    const { maxHeaderBytes, serve, paths } = this.#options;
    const secure = "encrypted" in socket && socket.encrypted === true;
    const connection = new Http1Connection(socket, {
      maxHeaderBytes: maxHeaderBytes + requestLineBytes,
      fastPath: this.#fastPaths[secure ? "secure" : "plain"],
      serve,
      paths,
      headEnd: this.#headEnd,
      heads: this.#heads,
      secure,
      onPhase: (phase) => {
        if (!this.#connections.has(connection)) return;
        if (phase === "answering") place.stop();
        else this.#queues[phase].start(place, performance.now());
      },
    });
    const place = new Place(connection);
    connection.draining = this.#draining;
    this.#connections.add(connection);
    this.#queues.request.start(place, performance.now());
    socket.on("close", () => {
      place.stop();
      this.#connections.delete(connection);
    });
    connection.receive(first);
  }

  /** Connections end with their next answer, or when they have been idle for a while. */
  drain(): void {
    this.#draining = true;
    for (const connection of this.#connections) connection.draining = true;
    this.#queues["next request"].shorten(this.#options.timeouts.leaveMs, performance.now());
  }
}
