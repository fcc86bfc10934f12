import type { IncomingHttpHeaders } from "node:http";
import { windowBytes, windowUpdateBytes } from "../limits.ts";
import { FrameReader, type OnFrame } from "./frame-reader.ts";
import { broken, checkFrame, checkPriority, unpad } from "./frame-rules.ts";
import {
  ConnectionError,
  errorCode,
  flag,
  frameType,
  initialWindow,
  largestStream,
  largestWindow,
  setting,
} from "./frames.ts";
import { HeaderBlocks } from "./header-blocks.ts";
import { encodeBlock } from "./hpack/encoder.ts";
import type { Received } from "./request-headers.ts";
import { type ByteSink, Sender } from "./sender.ts";
import { decodeSettings, encodeSettings } from "./settings.ts";
import { Http2Stream, type StreamHandler, type StreamOwner } from "./stream.ts";
import { StreamTable } from "./stream-table.ts";

export interface ConnectionOptions {
  readonly maxConcurrentStreams: number;
  /** As SETTINGS_MAX_HEADER_LIST_SIZE counts. */
  readonly maxHeaderBytes: number;
  /** A request whose headers have arrived. */
  readonly serve: (stream: Http2Stream) => StreamHandler;
  /** An exception where requests are served. It costs its stream alone. */
  readonly onFailure: (error: unknown, headers: IncomingHttpHeaders) => void;
}

/** What the owner of a connection is told. */
export interface ConnectionEvents {
  /** The first stream was opened, or the last one is over. */
  onBusy(busy: boolean): void;
  /** Its answer is complete, the request is not. */
  onLingering(stream: Http2Stream): void;
  onClosed(stream: Http2Stream): void;
  /** A frame or header block has begun to arrive, or what had is complete and nothing else begun. */
  onUnfinished(unfinished: boolean): void;
  /** Headers or data were sent, or headers received. */
  onTraffic(): void;
  /** False: too many. */
  onPing(): boolean;
  /** The last frames are written: the socket is to be closed. */
  onEnd(): void;
}

const nothing: Buffer = Buffer.alloc(0);
const leavingPing = Buffer.from("leaving!");
const tooLargeHeaders = encodeBlock({ ":status": 431 });

/** The server's side of one HTTP/2 connection (RFC 9113), from received bytes to sent ones. */
export class Http2Connection implements StreamOwner {
  readonly sender: Sender;
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  readonly #frames: FrameReader;
  readonly #blocks: HeaderBlocks;
  readonly #streams: StreamTable;
  /** Streams of the chunk being read. */
  readonly #opened: Http2Stream[] = [];
  #initialWindow = initialWindow;
  #uncredited = 0;
  #settled = false;
  /** The header block, or the frame by its number, that the last chunk left unfinished. */
  #unfinished: object | number | undefined;
  /** The client was asked to open no more streams; those on their way are still served. */
  #leaving = false;
  /** The client was told which stream is the last. */
  #goingAway = false;
  #over = false;

  constructor(socket: ByteSink, options: ConnectionOptions, events: ConnectionEvents) {
    this.#options = options;
    this.#events = events;
    this.#frames = new FrameReader(windowBytes, this.#onFrame);
    this.#blocks = new HeaderBlocks(options.maxHeaderBytes);
    this.#streams = new StreamTable(options.maxConcurrentStreams);
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
      for (const stream of this.#opened) stream.partial();
      this.#watchUnfinished();
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.end(error.code, error.message);
    } finally {
      this.#opened.length = 0;
      this.sender.release();
    }
  }

  /**
   * Asks the client to open no more streams. The answer to a ping tells that it knows: what it had
   * opened meanwhile is served, and nothing more comes (RFC 9113 §6.8).
   */
  drain(): void {
    if (this.#over || this.#leaving) return;
    this.#leaving = true;
    this.sender.frames.goAway(largestStream, errorCode.none, "");
    this.sender.frames.frame(frameType.ping, 0, 0, leavingPing);
    this.sender.schedule();
  }

  /** Takes no more streams, and ends when the open ones are over. */
  refuseMore(): void {
    if (this.#over || this.#goingAway) return;
    if (this.#streams.size === 0) {
      this.end(errorCode.none, "");
      return;
    }
    this.#goingAway = true;
    this.sender.frames.goAway(this.#streams.last, errorCode.none, "");
    this.sender.schedule();
  }

  /** GOAWAY, and nothing after it. */
  end(code: number, reason: string): void {
    if (this.#over) return;
    this.sender.frames.goAway(this.#streams.last, code, reason);
    this.#leave();
  }

  /** The connection is gone, or of no more use. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.sender.stop();
    for (const stream of [...this.#streams]) stream.close();
  }

  /** One that stays unfinished while more of it arrives is not announced again. */
  #watchUnfinished(): void {
    const unfinished = this.#blocks.unfinished ?? this.#frames.unfinished;
    if (unfinished === this.#unfinished) return;
    this.#unfinished = unfinished;
    this.#events.onUnfinished(unfinished !== undefined);
  }

  onSend(): void {
    this.#events.onTraffic();
  }

  onLingering(stream: Http2Stream): void {
    this.#events.onLingering(stream);
  }

  onClosed(stream: Http2Stream): void {
    this.#events.onClosed(stream);
    this.#streams.delete(stream);
    if (this.#streams.size > 0 || this.#over) return;
    this.#events.onBusy(false);
    if (this.#goingAway) setImmediate(() => this.#leave());
  }

  onFailure(error: unknown, stream: Http2Stream): void {
    this.#options.onFailure(error, stream.headers);
    stream.reset();
  }

  onVacated(): void {
    this.#streams.vacate();
  }

  #leave(): void {
    if (this.#over) return;
    this.sender.flush();
    this.close();
    this.#events.onEnd();
  }

  readonly #onFrame: OnFrame = (type, flags, id, bytes, start, end) => {
    if (this.#over) return;
    if (!this.#settled && type !== frameType.settings) throw broken("SETTINGS come first");
    const block = this.#blocks.unfinished;
    if (block && (type !== frameType.continuation || id !== block.stream)) {
      throw broken("another frame within a header block");
    }
    checkFrame(type, id, end - start);
    switch (type) {
      case frameType.data:
        this.#onData(flags, id, bytes, start, end);
        break;
      case frameType.headers:
        this.#onHeaders(flags, id, bytes, start, end);
        break;
      case frameType.priority:
        checkPriority(id, bytes, start, end);
        break;
      case frameType.reset:
        this.#onReset(id);
        break;
      case frameType.settings:
        this.#onSettings(flags, bytes, start, end);
        break;
      case frameType.pushPromise:
        throw broken("clients must not send PUSH_PROMISE");
      case frameType.ping:
        this.#onPing(flags, bytes, start, end);
        break;
      case frameType.windowUpdate:
        this.#onWindowUpdate(id, bytes.readUInt32BE(start) & largestWindow);
        break;
      case frameType.continuation:
        this.#onContinuation(flags, bytes, start, end);
        break;
    }
  };

  #onData(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const size = end - start;
    this.#uncredited += size;
    if (this.#uncredited > windowBytes) {
      throw new ConnectionError(errorCode.flowControl, "more data than the window allows");
    }
    if (this.#uncredited >= windowUpdateBytes) {
      this.sender.frames.number(frameType.windowUpdate, 0, this.#uncredited);
      this.#uncredited = 0;
    }
    const last = (flags & flag.endStream) !== 0;
    const [from, to] = unpad(flags, bytes, start, end);
    const stream = this.#streams.get(id);
    if (stream === undefined || stream.remoteEnded) {
      this.#streams.checkUsed(id);
      this.#streams.passOver(id, last);
      return;
    }
    stream.receive(bytes.subarray(from, to), size, last);
  }

  #onHeaders(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const received = this.#blocks.begin(flags, id, bytes, start, end);
    if (received) this.#onBlock(flags, id, received);
  }

  #onContinuation(flags: number, bytes: Buffer, start: number, end: number): void {
    const block = this.#blocks.unfinished;
    if (block === undefined) throw broken("CONTINUATION without a header block");
    const received = this.#blocks.continue(flags, bytes, start, end);
    if (received) this.#onBlock(block.flags, block.stream, received);
  }

  #onBlock(flags: number, id: number, received: Received): void {
    const last = (flags & flag.endStream) !== 0;
    const stream = this.#streams.get(id);
    if (stream !== undefined && !stream.remoteEnded) {
      if (received.kind !== "trailers" || !last || stream.expectedBytes) {
        stream.reset(errorCode.protocol);
        return;
      }
      stream.endRemote();
      stream.deliver(nothing, true);
      return;
    }
    if (id <= this.#streams.last) {
      this.#streams.passOver(id, last);
      return;
    }
    this.#streams.use(id);
    this.#open(id, received, last);
  }

  #open(id: number, received: Received, last: boolean): void {
    const refuse = (code: number) => {
      if (!last) this.#streams.refuse(id);
      this.sender.frames.number(frameType.reset, id, code);
    };
    if (this.#goingAway || this.#streams.full) {
      refuse(errorCode.refusedStream);
      return;
    }
    if (received.kind === "too large") {
      if (!last) this.#streams.refuse(id);
      this.sender.frames.headers(id, tooLargeHeaders, true, this.sender.maxFrame);
      if (!last) this.sender.frames.number(frameType.reset, id, errorCode.none);
      return;
    }
    if (received.kind !== "request") {
      refuse(errorCode.protocol);
      return;
    }

    const stream = new Http2Stream(this, id, received.headers, this.#initialWindow);
    if (last) stream.endRemote();
    stream.expectedBytes = received.contentLength;
    this.#streams.add(stream);
    if (this.#streams.size === 1) this.#events.onBusy(true);
    this.#events.onTraffic();
    if (last && stream.expectedBytes) {
      stream.reset(errorCode.protocol);
      return;
    }
    stream.serve(this.#options.serve);
    if (last) stream.deliver(nothing, true);
    else this.#opened.push(stream);
  }

  #onReset(id: number): void {
    this.#streams.checkUsed(id);
    const stream = this.#streams.get(id);
    stream?.endRemote();
    stream?.close();
    this.#streams.forget(id);
  }

  #onSettings(flags: number, bytes: Buffer, start: number, end: number): void {
    if (flags & flag.ack) {
      if (end > start)
        throw new ConnectionError(errorCode.frameSize, "SETTINGS ACK with a payload");
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
      for (const stream of this.#streams) {
        if (!stream.widen(change)) throw overflow();
      }
      this.sender.pump();
    }
  }

  #onPing(flags: number, bytes: Buffer, start: number, end: number): void {
    if (flags & flag.ack) {
      if (this.#leaving && leavingPing.compare(bytes, start, end) === 0) this.refuseMore();
      return;
    }
    this.sender.frames.frame(frameType.ping, flag.ack, 0, bytes.subarray(start, end));
    // gRFC A8
    if (!this.#events.onPing()) {
      throw new ConnectionError(errorCode.enhanceYourCalm, "too_many_pings");
    }
  }

  #onWindowUpdate(id: number, increment: number): void {
    if (id === 0) {
      if (increment === 0) throw broken("WINDOW_UPDATE with an increment of 0");
      if (!this.sender.widen(increment)) throw overflow();
    } else {
      this.#streams.checkUsed(id);
      const stream = this.#streams.get(id);
      if (stream === undefined) return;
      if (increment === 0) {
        stream.reset(errorCode.protocol);
        return;
      }
      if (!stream.widen(increment)) {
        stream.reset(errorCode.flowControl);
        return;
      }
    }
    this.sender.pump();
  }
}

function overflow(): ConnectionError {
  return new ConnectionError(errorCode.flowControl, "a window larger than 2^31-1");
}
