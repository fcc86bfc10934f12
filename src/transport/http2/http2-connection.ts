import type { IncomingHttpHeaders } from "node:http";
import type { Turn } from "../../core/turns.ts";
import { windowBytes } from "../limits.ts";
import { ControlFrames } from "./control-frames.ts";
import { FloodLimits } from "./flood-limits.ts";
import { FrameReader, type OnFrame } from "./frame-reader.ts";
import {
  broken,
  ConnectionError,
  checkFrame,
  errorCode,
  frameType,
  initialWindow,
  maxStream,
  setting,
} from "./frames.ts";
import { HeldRequests } from "./held-requests.ts";
import type { Http2Stream, StreamHandler, StreamOwner } from "./http2-stream.ts";
import { RequestFrames } from "./request-frames.ts";
import { type ByteSink, Sender } from "./sender.ts";
import { encodeSettings } from "./settings.ts";
import { StreamTable } from "./stream-table.ts";

export interface ConnectionOptions {
  readonly maxConcurrentStreams: number;
  /** Of all requests that are not complete. */
  readonly maxIncompleteBytes: number;
  /** As SETTINGS_MAX_HEADER_LIST_SIZE counts. */
  readonly maxHeaderBytes: number;
  /** A request whose headers have arrived. */
  readonly serve: (stream: Http2Stream) => StreamHandler;
  /** An exception when requests are served. It costs its stream alone. */
  readonly onFailure: (error: unknown, headers: IncomingHttpHeaders) => void;
  /** Milliseconds, from whenever. */
  readonly now: () => number;
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
  /** There is work that waited for something else than bytes from the client. */
  onWork(): void;
  /** The last frames are written: the socket is to be closed. */
  onEnd(): void;
}

const leavingPing = Buffer.from("leaving!");

/** The server's side of one HTTP/2 connection (RFC 9113), from received bytes to sent ones. */
export class Http2Connection implements StreamOwner {
  readonly sender: Sender;
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  readonly #frames: FrameReader;
  readonly #requests: RequestFrames;
  readonly #streams: StreamTable;
  readonly #limits: FloodLimits;
  readonly #held = new HeldRequests();
  readonly #control: ControlFrames;
  /** Bytes of incomplete requests. */
  #keptBytes = 0;
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
    this.#streams = new StreamTable(options.maxConcurrentStreams);
    this.#limits = new FloodLimits(options.now);
    this.sender = new Sender(socket);
    this.#control = new ControlFrames({
      sender: this.sender,
      streams: this.#streams,
      limits: this.#limits,
      onPing: events.onPing,
      onPong: (payload) => {
        if (this.#leaving && payload.equals(leavingPing)) this.refuseMore();
      },
    });
    this.#requests = new RequestFrames({
      owner: this,
      streams: this.#streams,
      limits: this.#limits,
      control: this.#control,
      maxHeaderBytes: options.maxHeaderBytes,
      serve: options.serve,
      onOpen: (count) => {
        if (count === 1) events.onBusy(true);
        events.onTraffic();
      },
    });
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

  push(chunk: Buffer): void {
    if (!this.#over) this.#frames.push(chunk);
  }

  /** Answers that are there at once have been sent when this returns. */
  work(turn: Turn): boolean {
    if (this.#over) return false;
    this.sender.hold();
    try {
      return this.#held.serve(turn) || this.#read(turn);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.end(error.code, error.message);
      return false;
    } finally {
      this.sender.release();
    }
  }

  /** The socket takes more: what waits is sent in the next turn. */
  drained(): void {
    if (this.#over) return;
    this.#control.drained();
    this.#events.onWork();
  }

  #read(turn: Turn): boolean {
    // What answers are waiting for comes before further requests.
    if (this.#control.pump(turn)) return true;
    const left = this.#frames.read(turn);
    if (this.#control.pump(turn) || left) return true;
    this.#requests.pause();
    this.#watchUnfinished();
    return this.#held.serve(turn);
  }

  /**
   * Asks the client to open no more streams. The answer to a ping tells that it knows: what it had
   * opened meanwhile is served, and nothing more comes (RFC 9113 §6.8).
   */
  drain(): void {
    if (this.#over || this.#leaving) return;
    this.#leaving = true;
    this.sender.frames.goAway(maxStream, errorCode.none, "");
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
    this.#requests.refuseMore();
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
    const unfinished = this.#requests.unfinished ?? this.#frames.unfinished;
    if (unfinished === this.#unfinished) return;
    this.#unfinished = unfinished;
    this.#events.onUnfinished(unfinished !== undefined);
  }

  onSend(): void {
    this.#limits.onAnswer();
    this.#events.onTraffic();
  }

  onLingering(stream: Http2Stream): void {
    this.#events.onLingering(stream);
  }

  onClosed(stream: Http2Stream): void {
    this.#held.forget(stream);
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

  onMaking(work: Promise<unknown>): void {
    this.#held.making(work, () => this.#events.onWork());
  }

  onRequest(stream: Http2Stream, last: Buffer): boolean {
    return this.#held.hold(stream, last);
  }

  onKept(bytes: number): boolean {
    this.#keptBytes += bytes;
    return this.#keptBytes <= this.#options.maxIncompleteBytes;
  }

  onWaiting(bytes: number): void {
    this.#held.answerBytes += bytes;
    if (bytes < 0 && this.#held.ready) this.#events.onWork();
  }

  #leave(): void {
    if (this.#over) return;
    this.sender.flush();
    this.close();
    this.#events.onEnd();
  }

  readonly #onFrame: OnFrame = (type, flags, id, bytes, start, end) => {
    if (this.#over) return;
    if (!this.#control.settled && type !== frameType.settings) throw broken("SETTINGS come first");
    this.#requests.checkOrder(type, id);
    checkFrame(type, id, end - start);
    switch (type) {
      case frameType.data:
        this.#requests.onData(flags, id, bytes, start, end);
        break;
      case frameType.headers:
        this.#requests.onHeaders(flags, id, bytes, start, end);
        break;
      case frameType.reset:
        this.#requests.onReset(id);
        break;
      case frameType.pushPromise:
        throw broken("clients must not send PUSH_PROMISE");
      case frameType.continuation:
        this.#requests.onContinuation(flags, bytes, start, end);
        break;
      default:
        this.#control.onFrame(type, flags, id, bytes, start, end);
    }
  };
}
