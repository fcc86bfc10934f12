import type { IncomingHttpHeaders } from "node:http";
import { windowBytes } from "../limits.ts";
import { FrameReader } from "./frame-reader.ts";
import {
  ConnectionError,
  errorCode,
  flag,
  frameType,
  initialWindow,
  largestWindow,
  setting,
} from "./frames.ts";
import { HeaderBlocks } from "./header-blocks.ts";
import { encodeBlock } from "./hpack/encoder.ts";
import { PastStreams } from "./past-streams.ts";
import type { Received } from "./request-headers.ts";
import { type ByteSink, Sender } from "./sender.ts";
import { decodeSettings, encodeSettings } from "./settings.ts";
import { Http2Stream, type StreamHandler, type StreamOwner } from "./stream.ts";

export interface ConnectionOptions {
  readonly maxConcurrentStreams: number;
  /** As SETTINGS_MAX_HEADER_LIST_SIZE counts. */
  readonly maxHeaderBytes: number;
  /** A request whose headers have arrived. An exception resets its stream. */
  readonly serve: (stream: Http2Stream) => StreamHandler;
  readonly onFailure: (error: unknown, headers: IncomingHttpHeaders) => void;
}

/** What the owner of a connection is told. */
export interface ConnectionEvents {
  /** The first stream was opened, or the last one is over. */
  onBusy(busy: boolean): void;
  /** Its answer is complete, the request is not. */
  onLingering(stream: Http2Stream): void;
  onClosed(stream: Http2Stream): void;
  /** Headers or data were sent, or headers received. */
  onTraffic(): void;
  /** False: too many. */
  onPing(): boolean;
  /** The last frames are written: the socket is to be closed. */
  onEnd(): void;
}

const nothing: Buffer = Buffer.alloc(0);
const tooLargeHeaders = encodeBlock({ ":status": 431 });
/** Received bytes that are paid back together. */
const payment = windowBytes / 2;

/** The server's side of one HTTP/2 connection (RFC 9113), from received bytes to sent ones. */
export class Http2Connection implements StreamOwner {
  readonly sender: Sender;
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  readonly #frames = new FrameReader(windowBytes, (...frame) => this.#onFrame(...frame));
  readonly #blocks: HeaderBlocks;
  readonly #streams = new Map<number, Http2Stream>();
  readonly #past = new PastStreams();
  /** Streams of the chunk being read. */
  #opened: Http2Stream[] = [];
  #lastStream = 0;
  #initialWindow = initialWindow;
  #unpaid = 0;
  #settled = false;
  /** The stream, and flags, of a header block that is not complete. */
  #block: { readonly stream: number; readonly flags: number } | undefined;
  #goingAway = false;
  #over = false;

  constructor(socket: ByteSink, options: ConnectionOptions, events: ConnectionEvents) {
    this.#options = options;
    this.#events = events;
    this.#blocks = new HeaderBlocks(options.maxHeaderBytes);
    this.sender = new Sender(socket);
    const { frames } = this.sender;
    const settings = encodeSettings([
      [setting.maxConcurrentStreams, options.maxConcurrentStreams],
      [setting.initialWindowSize, windowBytes],
      [setting.maxFrameSize, windowBytes],
      [setting.maxHeaderListSize, options.maxHeaderBytes],
    ]);
    frames.frame(frameType.settings, 0, 0, settings);
    frames.number(frameType.windowUpdate, 0, windowBytes - initialWindow);
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** What arrived. Answers that are there at once have been sent when this returns. */
  receive(chunk: Buffer): void {
    if (this.#over) return;
    this.sender.hold();
    try {
      this.#frames.read(chunk);
      for (const stream of this.#opened) {
        if (!stream.remoteEnded) stream.handler?.partial?.();
      }
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.end(error.code, error.message);
    } finally {
      this.#opened.length = 0;
      this.sender.release();
    }
  }

  /** Opens no more streams and ends when the open ones are over. */
  drain(): void {
    if (this.#over || this.#goingAway) return;
    if (this.#streams.size === 0) {
      this.end(errorCode.none, "");
      return;
    }
    this.#goingAway = true;
    this.sender.frames.goAway(this.#lastStream, errorCode.none, "");
    this.sender.schedule();
  }

  /** GOAWAY, and nothing after it. */
  end(code: number, reason: string): void {
    if (this.#over) return;
    this.sender.frames.goAway(this.#lastStream, code, reason);
    this.sender.flush();
    this.close();
    this.#events.onEnd();
  }

  /** The connection is gone, or of no more use. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.sender.stop();
    for (const stream of [...this.#streams.values()]) stream.close();
  }

  onSend(): void {
    this.#events.onTraffic();
  }

  onLingering(stream: Http2Stream): void {
    this.#events.onLingering(stream);
  }

  onClosed(stream: Http2Stream): void {
    this.#events.onClosed(stream);
    this.#streams.delete(stream.id);
    if (!stream.remoteEnded) this.#past.add(stream.id);
    if (this.#streams.size > 0 || this.#over) return;
    this.#events.onBusy(false);
    if (this.#goingAway) setImmediate(() => this.#leave());
  }

  #leave(): void {
    if (this.#over) return;
    this.sender.flush();
    this.close();
    this.#events.onEnd();
  }

  #onFrame(
    type: number,
    flags: number,
    id: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    if (this.#over) return;
    if (!this.#settled && type !== frameType.settings) throw broken("SETTINGS come first");
    if (this.#block && (type !== frameType.continuation || id !== this.#block.stream)) {
      throw broken("a header block is interrupted");
    }
    switch (type) {
      case frameType.data:
        this.#onData(flags, id, bytes, start, end);
        break;
      case frameType.headers:
        this.#onHeaders(flags, id, bytes, start, end);
        break;
      case frameType.priority:
        this.#onPriority(id, bytes, start, end);
        break;
      case frameType.reset:
        this.#onReset(id, end - start);
        break;
      case frameType.settings:
        this.#onSettings(flags, id, bytes, start, end);
        break;
      case frameType.pushPromise:
        throw broken("clients do not push");
      case frameType.ping:
        this.#onPing(flags, id, bytes, start, end);
        break;
      case frameType.goAway:
        if (id !== 0) throw broken("GOAWAY on a stream");
        return;
      case frameType.windowUpdate:
        this.#onWindowUpdate(id, bytes, start, end);
        break;
      case frameType.continuation:
        this.#onContinuation(flags, bytes, start, end);
        break;
    }
  }

  #onData(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const size = end - start;
    this.#unpaid += size;
    if (this.#unpaid > windowBytes) {
      throw new ConnectionError(errorCode.flowControl, "more data than the window has room for");
    }
    if (this.#unpaid >= payment) {
      this.sender.frames.number(frameType.windowUpdate, 0, this.#unpaid);
      this.#unpaid = 0;
    }
    const last = (flags & flag.endStream) !== 0;
    const [from, to] = unpad(flags, bytes, start, end);
    const stream = this.#streams.get(id);
    if (stream === undefined || stream.remoteEnded) {
      this.#onStrayData(id, last);
      return;
    }
    stream.unpaid += size;
    if (stream.unpaid > windowBytes) {
      this.#fail(stream, errorCode.flowControl);
      return;
    }
    if (stream.expectedBytes !== undefined) {
      stream.expectedBytes -= to - from;
      if (stream.expectedBytes < 0 || (last && stream.expectedBytes > 0)) {
        this.#fail(stream, errorCode.protocol);
        return;
      }
    }
    const { handler } = stream;
    if (last) stream.endRemote();
    else if (stream.unpaid >= payment && stream.lingering) stream.reset(errorCode.none);
    else if (stream.unpaid >= payment && !stream.heldWindow) stream.pay(stream.unpaid);
    handler?.data(bytes.subarray(from, to), last);
  }

  #onStrayData(id: number, last: boolean): void {
    if (id === 0 || id > this.#lastStream) throw broken("data on a stream that is not open");
    if (this.#streams.has(id) || !this.#past.mayReceive(id)) {
      throw new ConnectionError(errorCode.streamClosed, "data on a stream that has ended");
    }
    if (last) this.#past.end(id);
  }

  #onHeaders(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (id % 2 === 0) throw broken("a client's streams have odd numbers");
    let [from, to] = unpad(flags, bytes, start, end);
    if (flags & flag.priority) {
      if (to - from < 5) throw new ConnectionError(errorCode.frameSize, "half a priority");
      const itself = (bytes.readUInt32BE(from) & 0x7fff_ffff) === id;
      from += 5;
      if (itself) throw broken("a stream that depends on itself");
    }
    if (flags & flag.endHeaders) {
      this.#onBlock(flags, id, this.#blocks.finish(bytes, from, to));
      return;
    }
    this.#block = { stream: id, flags };
    this.#blocks.append(bytes.subarray(from, to));
  }

  #onContinuation(flags: number, bytes: Buffer, start: number, end: number): void {
    const block = this.#block;
    if (block === undefined) throw broken("nothing is to be continued");
    if ((flags & flag.endHeaders) === 0) {
      this.#blocks.append(bytes.subarray(start, end));
      return;
    }
    this.#block = undefined;
    this.#onBlock(block.flags, block.stream, this.#blocks.finish(bytes, start, end));
  }

  #onBlock(flags: number, id: number, received: Received): void {
    const last = (flags & flag.endStream) !== 0;
    const stream = this.#streams.get(id);
    if (stream !== undefined && !stream.remoteEnded) {
      if (received.kind !== "trailers" || !last) {
        this.#fail(stream, errorCode.protocol);
        return;
      }
      if (stream.expectedBytes) {
        this.#fail(stream, errorCode.protocol);
        return;
      }
      const { handler } = stream;
      stream.endRemote();
      handler?.data(nothing, true);
      return;
    }
    if (id <= this.#lastStream) {
      if (stream === undefined && this.#past.mayReceive(id)) {
        if (last) this.#past.end(id);
        return;
      }
      throw new ConnectionError(errorCode.streamClosed, "headers on a stream that has ended");
    }
    this.#lastStream = id;
    this.#open(id, received, last);
  }

  #open(id: number, received: Received, last: boolean): void {
    const refuse = (code: number) => {
      if (!last) this.#past.add(id);
      this.sender.frames.number(frameType.reset, id, code);
    };
    if (this.#goingAway || this.#streams.size >= this.#options.maxConcurrentStreams) {
      refuse(errorCode.refusedStream);
      return;
    }
    if (received.kind === "too large") {
      if (!last) this.#past.add(id);
      this.sender.frames.headers(id, tooLargeHeaders, true, this.sender.maxFrame);
      if (!last) this.sender.frames.number(frameType.reset, id, errorCode.none);
      return;
    }
    if (received.kind !== "request") {
      refuse(errorCode.protocol);
      return;
    }

    const { headers } = received;
    const stream = new Http2Stream(this, id, headers, this.#initialWindow);
    if (last) stream.endRemote();
    const length = headers["content-length"];
    if (length !== undefined) stream.expectedBytes = Number(length);
    this.#streams.set(id, stream);
    if (this.#streams.size === 1) this.#events.onBusy(true);
    this.#events.onTraffic();
    if (last && stream.expectedBytes) {
      this.#fail(stream, errorCode.protocol);
      return;
    }
    try {
      stream.attach(this.#options.serve(stream));
    } catch (error) {
      this.#options.onFailure(error, headers);
      stream.reset();
      return;
    }
    if (last) stream.handler?.data(nothing, true);
    else this.#opened.push(stream);
  }

  #onPriority(id: number, bytes: Buffer, start: number, end: number): void {
    if (id === 0) throw broken("a priority of the connection");
    if (end - start !== 5) throw new ConnectionError(errorCode.frameSize, "PRIORITY has 5 bytes");
    if ((bytes.readUInt32BE(start) & 0x7fff_ffff) === id) {
      throw broken("a stream that depends on itself");
    }
  }

  #onReset(id: number, size: number): void {
    if (size !== 4) throw new ConnectionError(errorCode.frameSize, "RST_STREAM has 4 bytes");
    if (id === 0 || id > this.#lastStream) throw broken("a reset of a stream that is not open");
    const stream = this.#streams.get(id);
    stream?.endRemote();
    stream?.close();
    this.#past.end(id);
  }

  #onSettings(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (id !== 0) throw broken("SETTINGS on a stream");
    if (flags & flag.ack) {
      if (end > start) throw new ConnectionError(errorCode.frameSize, "an ACK with a payload");
      if (!this.#settled) throw broken("SETTINGS come first");
      return;
    }
    const { initialWindow: window, maxFrame } = decodeSettings(bytes, start, end);
    this.#settled = true;
    this.sender.frames.frame(frameType.settings, flag.ack, 0, nothing);
    if (maxFrame !== undefined) this.sender.maxFrame = maxFrame;
    if (window !== undefined) {
      const change = window - this.#initialWindow;
      this.#initialWindow = window;
      for (const stream of this.#streams.values()) {
        if (!stream.widen(change)) throw overflow();
      }
      this.sender.pump();
    }
  }

  #onPing(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (id !== 0) throw broken("PING on a stream");
    if (end - start !== 8) throw new ConnectionError(errorCode.frameSize, "PING has 8 bytes");
    if (flags & flag.ack) return;
    this.sender.frames.frame(frameType.ping, flag.ack, 0, bytes.subarray(start, end));
    // gRFC A8
    if (!this.#events.onPing()) {
      throw new ConnectionError(errorCode.enhanceYourCalm, "too_many_pings");
    }
  }

  #onWindowUpdate(id: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== 4)
      throw new ConnectionError(errorCode.frameSize, "WINDOW_UPDATE has 4 bytes");
    const increment = bytes.readUInt32BE(start) & largestWindow;
    if (id === 0) {
      if (increment === 0) throw broken("a window that grows by nothing");
      if (!this.sender.widen(increment)) throw overflow();
    } else {
      if (id > this.#lastStream) throw broken("a window of a stream that is not open");
      const stream = this.#streams.get(id);
      if (stream === undefined) return;
      if (increment === 0) {
        this.#fail(stream, errorCode.protocol);
        return;
      }
      if (!stream.widen(increment)) {
        this.#fail(stream, errorCode.flowControl);
        return;
      }
    }
    this.sender.pump();
  }

  #fail(stream: Http2Stream, code: number): void {
    stream.reset(code);
  }
}

function broken(message: string): ConnectionError {
  return new ConnectionError(errorCode.protocol, message);
}

function overflow(): ConnectionError {
  return new ConnectionError(errorCode.flowControl, "a window beyond 2^31-1");
}

/** Where a payload is without its padding. */
function unpad(flags: number, bytes: Buffer, start: number, end: number): [number, number] {
  if ((flags & flag.padded) === 0) return [start, end];
  const padding = bytes[start] ?? 0;
  if (start + 1 + padding > end) throw broken("more padding than payload");
  return [start + 1, end - padding];
}
