import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import { ExpiryQueue, Place, sweeper } from "../../core/expiry.ts";
import type { Log } from "../../core/log.ts";
import { endThenDestroy, lingerMs } from "../end-connection.ts";
import type { Timeouts } from "../limits.ts";
import { readInTurns } from "../paced-reading.ts";
import { PingCounter, type PingRule } from "./flood-limits.ts";
import { errorCode } from "./frames.ts";
import { Http2Connection } from "./http2-connection.ts";
import type { Http2Stream, StreamHandler } from "./http2-stream.ts";

/** Go counts this much on top of its limit on headers. */
const headerSlackBytes = 320;

export interface Http2Options {
  readonly maxConcurrentStreams: number;
  /** Bytes that the requests of one connection may have sent while they are not complete. */
  readonly maxIncompleteBytes: number;
  readonly maxHeaderBytes: number;
  readonly pings: PingRule | undefined;
  readonly timeouts: Timeouts;
  readonly log: Log;
  readonly serve: (stream: Http2Stream, socket: Socket) => StreamHandler;
}

/** HTTP/2 on connections that the acceptor hands over. */
export class Http2Server {
  readonly #options: Http2Options;
  /** And the place of each among those that are leaving. */
  readonly #connections = new Map<Http2Connection, Place<Http2Connection>>();
  /** Connections without an open stream. */
  readonly #idle: ExpiryQueue<Http2Connection>;
  /** Streams whose answers are complete, and whose clients have not ended theirs. */
  readonly #lingering: ExpiryQueue<Http2Stream>;
  /** Connections on which a frame or a header block has begun that is not complete. */
  readonly #unfinished: ExpiryQueue<Http2Connection>;
  /** Connections whose clients were asked to open nothing more. */
  readonly #leaving: ExpiryQueue<Http2Connection>;
  #draining = false;

  constructor(options: Http2Options) {
    this.#options = options;
    this.#idle = new ExpiryQueue(
      options.timeouts.idleMs,
      (connection) => this.#drain(connection),
      sweeper,
    );
    this.#lingering = new ExpiryQueue(
      options.timeouts.requestMs,
      (stream) => stream.reset(errorCode.none),
      sweeper,
    );
    this.#unfinished = new ExpiryQueue(
      options.timeouts.requestMs,
      (connection) =>
        connection.end(errorCode.enhanceYourCalm, "a frame or header block did not arrive in time"),
      sweeper,
    );
    this.#leaving = new ExpiryQueue(
      options.timeouts.leaveMs,
      (connection) => connection.refuseMore(),
      sweeper,
    );
  }

  /** @param first Bytes that were read from the socket before. */
  accept(socket: Socket, first: Buffer): void {
    const { maxConcurrentStreams, maxIncompleteBytes, maxHeaderBytes } = this.#options;
    const { pings: rule, serve, log } = this.#options;
    const pings = rule && new PingCounter(rule);
    const connection = new Http2Connection(
      socket,
      {
        maxConcurrentStreams,
        maxIncompleteBytes,
        maxHeaderBytes: maxHeaderBytes + headerSlackBytes,
        serve: (stream) => serve(stream, socket),
        onFailure: (error: unknown, headers: IncomingHttpHeaders) =>
          log.error("a request failed unexpectedly", { path: headers[":path"], error }),
        now: () => performance.now(),
      },
      {
        onBusy: (busy) => {
          if (busy) idle.stop();
          else this.#idle.start(idle, performance.now());
        },
        onLingering: (stream) =>
          lingering.set(stream, this.#lingering.add(stream, performance.now())),
        onClosed: (stream) => {
          if (lingering.size === 0) return;
          lingering.get(stream)?.stop();
          lingering.delete(stream);
        },
        onUnfinished: (isUnfinished) => {
          if (isUnfinished) this.#unfinished.start(unfinished, performance.now());
          else unfinished.stop();
        },
        onTraffic: () => pings?.forgive(),
        onPing: () => !pings?.ping(performance.now(), connection.streams > 0),
        onWork: () => reading.wake(),
        onEnd: () => {
          // The last answers may still be in the socket; the grace period is their time.
          if (this.#draining) socket.end(() => endThenDestroy(socket));
          else {
            // One who floods goes on for a while, and reading that costs others their time.
            reading.stop();
            endThenDestroy(socket);
          }
        },
      },
    );
    const idle = this.#idle.add(connection, performance.now());
    const unfinished = new Place(connection);
    const lingering = new Map<Http2Stream, Place<Http2Stream>>();
    this.#connections.set(connection, new Place(connection));

    // What has been received may have to wait for its turn: a client that asks no more gets its answers to that.
    socket.allowHalfOpen = true;
    let inputEnded = false;
    socket.on("end", () => {
      inputEnded = true;
      reading.wake();
      setTimeout(() => socket.destroy(), lingerMs).unref();
    });
    socket.on("drain", () => connection.drained());
    const reading = readInTurns(socket, {
      push: (chunk) => connection.push(chunk),
      work: (turn) => {
        try {
          const left = connection.work(turn);
          if (inputEnded && !left) socket.end();
          return left;
        } catch (error) {
          log.error("an HTTP/2 connection failed unexpectedly", { error });
          connection.end(errorCode.internal, "");
          return false;
        }
      },
    });
    socket.on("close", () => {
      this.#connections.get(connection)?.stop();
      this.#connections.delete(connection);
      idle.stop();
      unfinished.stop();
      connection.close();
    });
    reading.receive(first);
    if (this.#draining) this.#drain(connection);
  }

  /** Announces the end to every client; connections close when their streams have ended. */
  drain(): void {
    this.#draining = true;
    for (const connection of this.#connections.keys()) this.#drain(connection);
  }

  #drain(connection: Http2Connection): void {
    connection.drain();
    const place = this.#connections.get(connection);
    if (place) this.#leaving.start(place, performance.now());
  }
}
