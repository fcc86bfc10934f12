import { windowBytes, windowUpdateBytes } from "../limits.ts";
import type { ControlFrames } from "./control-frames.ts";
import type { FloodLimits } from "./flood-limits.ts";
import { broken, ConnectionError, errorCode, flag, frameType, unpad } from "./frames.ts";
import { HeaderBlocks, type UnfinishedBlock } from "./header-blocks.ts";
import { encodeBlock } from "./hpack/encoder.ts";
import { Http2Stream, type StreamHandler, type StreamOwner } from "./http2-stream.ts";
import type { Received } from "./request-headers.ts";
import type { Sender } from "./sender.ts";
import type { StreamTable } from "./stream-table.ts";

export interface RequestFrameOptions {
  readonly owner: StreamOwner;
  readonly streams: StreamTable;
  readonly limits: FloodLimits;
  readonly control: Pick<ControlFrames, "initialWindow">;
  /** As SETTINGS_MAX_HEADER_LIST_SIZE counts. */
  readonly maxHeaderBytes: number;
  /** A request whose headers have arrived. */
  readonly serve: (stream: Http2Stream) => StreamHandler;
  /** @param count streams that are open now */
  readonly onOpen: (count: number) => void;
}

const nothing: Buffer = Buffer.alloc(0);
const tooLargeHeaders = encodeBlock({ ":status": 431 });

/** The frames that make requests, and open and end their streams (RFC 9113 §5.1, §8.1). */
export class RequestFrames {
  readonly #options: RequestFrameOptions;
  readonly #sender: Sender;
  readonly #streams: StreamTable;
  readonly #limits: FloodLimits;
  readonly #blocks: HeaderBlocks;
  /** Streams of the chunk being read. */
  readonly #opened: Http2Stream[] = [];
  /** Bytes of data that the connection's window has not got back. */
  #uncredited = 0;
  #refusing = false;

  constructor(options: RequestFrameOptions) {
    this.#options = options;
    this.#sender = options.owner.sender;
    this.#streams = options.streams;
    this.#limits = options.limits;
    this.#blocks = new HeaderBlocks(options.maxHeaderBytes);
  }

  /** A header block of which more is to come. */
  get unfinished(): UnfinishedBlock | undefined {
    return this.#blocks.unfinished;
  }

  /** From here on no stream is opened. */
  refuseMore(): void {
    this.#refusing = true;
  }

  /** For now nothing more has arrived. */
  pause(): void {
    for (const stream of this.#opened) stream.partial();
    this.#opened.length = 0;
  }

  /** @throws ConnectionError for a frame that may not come now */
  checkOrder(type: number, id: number): void {
    const block = this.#blocks.unfinished;
    if (block && (type !== frameType.continuation || id !== block.stream)) {
      throw broken("another frame within a header block");
    }
  }

  onData(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const size = end - start;
    this.#uncredited += size;
    if (this.#uncredited > windowBytes) {
      throw new ConnectionError(errorCode.flowControl, "more data than the window allows");
    }
    if (this.#uncredited >= windowUpdateBytes) {
      this.#sender.frames.number(frameType.windowUpdate, 0, this.#uncredited);
      this.#uncredited = 0;
    }
    const last = (flags & flag.endStream) !== 0;
    const { from, to } = unpad(flags, bytes, start, end);
    if (from === to && !last) this.#limits.onIdleFrame();
    const stream = this.#streams.get(id);
    if (stream === undefined || stream.remoteEnded) {
      this.#streams.checkUsed(id);
      this.#streams.passOver(id, last);
      return;
    }
    stream.receive(bytes.subarray(from, to), size, last);
  }

  onHeaders(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const received = this.#blocks.begin(flags, id, bytes, start, end);
    if (received) this.#onBlock(flags, id, received);
  }

  onContinuation(flags: number, bytes: Buffer, start: number, end: number): void {
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
        this.#limits.reset(stream, errorCode.protocol);
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
    if (this.#refusing || this.#streams.full) {
      this.#refuse(id, last, errorCode.refusedStream);
      return;
    }
    if (received.kind === "too large") {
      if (!last) this.#streams.refuse(id);
      this.#sender.headers(id, tooLargeHeaders, true);
      if (!last) this.#sender.frames.number(frameType.reset, id, errorCode.none);
      return;
    }
    if (received.kind !== "request") {
      this.#refuse(id, last, errorCode.protocol);
      return;
    }

    const { owner, control, serve, onOpen } = this.#options;
    const stream = new Http2Stream(owner, id, received.headers, control.initialWindow);
    if (last) stream.endRemote();
    stream.expectedBytes = received.contentLength;
    this.#streams.add(stream);
    onOpen(this.#streams.size);
    if (last && stream.expectedBytes) {
      this.#limits.reset(stream, errorCode.protocol);
      return;
    }
    stream.serve(serve);
    if (last) stream.deliver(nothing, true);
    else this.#opened.push(stream);
  }

  #refuse(id: number, last: boolean, code: number): void {
    if (!last) this.#streams.refuse(id);
    this.#sender.frames.number(frameType.reset, id, code);
    this.#limits.onCancelled();
  }

  onReset(id: number): void {
    this.#streams.checkUsed(id);
    const stream = this.#streams.get(id);
    stream?.endRemote();
    stream?.close();
    this.#streams.forget(id);
    if (stream?.aborted) this.#limits.onCancelled();
  }
}
