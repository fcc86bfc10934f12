/** The client's end of an HTTP/2 connection without sockets. */
import { endlessTurn } from "../../src/core/turns.ts";
import {
  type ConnectionEvents,
  type ConnectionOptions,
  Http2Connection,
} from "../../src/transport/http2/http2-connection.ts";
import type { Http2Stream, StreamHandler } from "../../src/transport/http2/http2-stream.ts";
import type { ByteSink } from "../../src/transport/http2/sender.ts";
import { type Frame, frame, frameType, grpcHeaders, parseFrames, preface } from "./raw-client.ts";

export const endStream = 1;
export const endHeaders = 4;

/** Remembers what happens to its stream. */
export class RecordingHandler implements StreamHandler {
  readonly received: Buffer[] = [];
  ended = false;
  drains = 0;
  partials = 0;
  closes = 0;

  constructor(readonly stream: Http2Stream) {}

  data(chunk: Buffer, end: boolean): void {
    if (chunk.length > 0) this.received.push(Buffer.from(chunk));
    this.ended = end;
  }
  partial(): void {
    this.partials++;
  }
  drained(): void {
    this.drains++;
  }
  closed(): void {
    this.closes++;
  }
}

export interface PeerOptions extends Partial<ConnectionOptions> {
  readonly events?: Partial<ConnectionEvents>;
}

export class Http2Peer implements ByteSink {
  readonly connection: Http2Connection;
  /** By stream, if the test does not serve itself. */
  readonly handlers = new Map<number, RecordingHandler>();
  readonly failures: unknown[] = [];
  readonly events: string[] = [];
  /** Does the socket have to be drained? */
  congested = false;
  ended = false;
  writes = 0;
  #received: Buffer[] = [];

  constructor({ events, ...options }: PeerOptions = {}) {
    this.connection = new Http2Connection(
      this,
      {
        maxConcurrentStreams: 100,
        maxHeaderBytes: 10_000,
        maxIncompleteBytes: 1 << 20,
        serve: (stream) => {
          const handler = new RecordingHandler(stream);
          this.handlers.set(stream.id, handler);
          return handler;
        },
        onFailure: (error) => this.failures.push(error),
        now: () => 0,
        ...options,
      },
      {
        onBusy: (busy) => this.events.push(busy ? "busy" : "idle"),
        onLingering: ({ id }) => this.events.push(`lingering ${id}`),
        onClosed: ({ id }) => this.events.push(`closed ${id}`),
        onUnfinished: (unfinished) => this.events.push(unfinished ? "unfinished" : "finished"),
        onTraffic: () => {},
        onPing: () => true,
        onWork: () => setImmediate(() => this.work()),
        onEnd: () => {
          this.ended = true;
        },
        ...events,
      },
    );
  }

  /** The preface, and the first settings. */
  hello(settings: Record<number, number> = {}): this {
    return this.send(preface, settingsFrame(settings));
  }

  send(...parts: readonly Uint8Array[]): this {
    this.connection.push(Buffer.concat(parts));
    return this.work();
  }

  /** As much as can be done. */
  work(): this {
    this.connection.work(endlessTurn);
    return this;
  }

  /** A request, complete but for its body if `flags` do not end it. */
  open(id: number, flags = endStream, more: Record<string, string> = {}): this {
    return this.send(frame(frameType.headers, endHeaders | flags, id, grpcHeaders("/a/b", more)));
  }

  handler(id: number): RecordingHandler {
    const handler = this.handlers.get(id);
    if (handler === undefined) throw new Error(`stream ${id} was not served`);
    return handler;
  }

  stream(id: number): Http2Stream {
    return this.handler(id).stream;
  }

  write(bytes: Uint8Array): boolean {
    this.writes++;
    this.#received.push(Buffer.from(bytes));
    return !this.congested;
  }

  drain(): void {
    this.congested = false;
    this.connection.drained();
    this.work();
  }

  /** The frames that arrived since they were taken last, also those that wait for the end of the turn. */
  take(): Frame[] {
    this.connection.sender.flush();
    const bytes = Buffer.concat(this.#received);
    this.#received = [];
    return parseFrames(bytes.toString("latin1"));
  }

  /** The code of the RST_STREAM or GOAWAY among them. */
  takeCode(type: number): number | undefined {
    const found = this.take().find((frame) => frame.type === type);
    return found?.payload.readUInt32BE(type === frameType.goAway ? 4 : 0);
  }
}

export function settingsFrame(settings: Record<number, number>): Buffer {
  const entries = Object.entries(settings).map(([id, value]) => {
    const bytes = Buffer.alloc(6);
    bytes.writeUInt16BE(Number(id), 0);
    bytes.writeUInt32BE(value, 2);
    return bytes;
  });
  return frame(frameType.settings, 0, 0, Buffer.concat(entries));
}

export function numberFrame(type: number, stream: number, value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return frame(type, 0, stream, payload);
}

export const widen = (stream: number, bytes: number) =>
  numberFrame(frameType.windowUpdate, stream, bytes);
