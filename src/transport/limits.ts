import type { Rate } from "../core/rate-limit.ts";

/** How long and how much a peer may hold of this process. All in milliseconds, bytes or pieces. */
export interface Timeouts {
  /**
   * From accepting a connection, TLS handshake included, to its first bytes; for the headers of a
   * request over HTTP/1.1.
   */
  readonly headersMs: number;
  /**
   * From a request's headers to the end of its body, and from a complete answer to the end of its
   * request; for a frame or header block of HTTP/2.
   */
  readonly requestMs: number;
  /** An HTTP/1.1 connection between requests. */
  readonly keepAliveMs: number;
  /** An HTTP/1.1 client that reads nothing of the answers that wait for it. */
  readonly answerMs: number;
  /** An HTTP/2 connection without open streams. Clients of HTTP/2 reconnect by themselves. */
  readonly idleMs: number;
  /**
   * While the server shuts down. HTTP/2: until the client has answered GOAWAY's PING. HTTP/1.1: a connection
   * between requests, whose next answer says `Connection: close`. Both: a new connection until its first bytes.
   */
  readonly leaveMs: number;
  /** Between checks of the certificate files. */
  readonly certificateCheckMs: number;
}

/**
 * Go flagd's, but for headers (1 s on its evaluation port, 3 s on its others) and the idle time, which
 * it applies to TLS connections only, after 5 s.
 */
export const defaultTimeouts: Timeouts = {
  headersMs: 3_000,
  requestMs: 5_000,
  keepAliveMs: 5_000,
  answerMs: 60_000,
  idleMs: 15 * 60_000,
  leaveMs: 1_000,
  certificateCheckMs: 5_000,
};

/** All headers of a request, if the option sets no limit: Go's default. */
const defaultMaxHeaderBytes = 1 << 20;

/** @param option ≤ 0: the default */
export function maxHeaderBytesOf(option: number): number {
  return option > 0 ? option : defaultMaxHeaderBytes;
}

/** What HTTP/1.1 leaves out of the limit on headers, as Go does: the request line and some slack. */
export const requestLineBytes = 4096;

/** Streams that one HTTP/2 connection may have open at once. */
export const defaultMaxConcurrentStreams = 250;

/** Flow-control windows of a connection and of each stream, and the largest frame: as Go flagd announces. */
export const windowBytes = 1 << 20;

/** Received bytes after which a WINDOW_UPDATE gives them back to such a window. */
export const windowUpdateBytes = windowBytes / 2;

/** Connections of one port in one thread, if there are file descriptors for as many. */
export const maxConnections = 20_000;

/** File descriptors for everything but clients: sources, files. */
export const otherFiles = 200;

/**
 * Calls that a client of HTTP/2 gives up before they are answered, on one connection: enough for a proxy
 * whose users go away, too few to keep the daemon busy with calls that nobody waits for.
 */
export const cancelledCalls: Rate = { burst: 1_000, perSecond: 100 };

/**
 * Frames of one HTTP/2 connection that ask for nothing: empty DATA, PING, SETTINGS, PRIORITY, WINDOW_UPDATE. Each
 * frame that answers a call allows {@link framesPerAnswer} more, for clients pay for what they read.
 */
export const idleFrames: Rate = { burst: 1_000, perSecond: 100 };
export const framesPerAnswer = 4;

/** Fields of one header block: a byte of HPACK may stand for each of them. Node and nginx take 1,000 to 2,000. */
export const maxHeaderFields = 1_000;

/**
 * Bytes of incomplete requests that one HTTP/2 connection may have sent, unless a single request may be
 * larger. Contexts are kilobytes, and arrive whole.
 */
export const maxIncompleteBytes = 16 << 20;

/**
 * Bytes of complete answers that one HTTP/2 connection's flow-control windows hold back. Beyond it further
 * requests are read, and answered when it is less.
 */
export const maxHeldAnswerBytes = 4 << 20;

/** Bytes waiting to be written to one connection before its streams are asked to wait. */
export const connectionBufferBytes = 256 << 10;

/** Bytes waiting for a client that still asks for more: until it reads them it is not listened to. */
export const maxOutputBytes = 4 * connectionBufferBytes;

/** A request over HTTP/1.1 whose body is no longer than this is answered once all of it has been received. */
export const maxGatheredBytes = 64 << 10;

/** Bytes of further requests that are read from an HTTP/1.1 client while one of its requests is answered. */
export const maxPipelinedBytes = 64 << 10;

/** The line before a chunk, with its extensions; and all trailers of a request. */
export const maxChunkLineBytes = 4 << 10;
export const maxTrailerBytes = 16 << 10;

/** Bytes one server stream may have waiting, beyond one message, before its reader is given up. */
export const streamBufferBytes = 32 << 20;

/** Smaller messages are not worth compressing. */
export const compressMinBytes = 1024;

/** TCP keepalive probes find peers that vanished without a word. */
export const tcpKeepAliveMs = 15_000;

/** A limit option of zero or less means none; this is what Connect takes as the largest. */
export const unlimitedBytes = 0xffff_ffff;
