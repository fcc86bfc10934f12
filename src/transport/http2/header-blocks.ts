import { ByteCollector } from "../byte-collector.ts";
import {
  broken,
  ConnectionError,
  checkPriority,
  errorCode,
  flag,
  headerBytes,
  priorityBytes,
  unpad,
} from "./frames.ts";
import { CompressionError, HpackDecoder } from "./hpack/decoder.ts";
import { type Received, RequestHeaders } from "./request-headers.ts";

/** Longer blocks are not repeated to the letter. */
const maxRememberedBytes = 512;

/** A header block of which more is to come. */
export interface UnfinishedBlock {
  readonly stream: number;
  /** Of its HEADERS frame. */
  readonly flags: number;
}

/** Reads the header blocks of one connection, in the order in which they arrive. */
export class HeaderBlocks {
  readonly #decoder = new HpackDecoder();
  readonly #maxBytes: number;
  /** No other frame may come before its end. */
  unfinished: UnfinishedBlock | undefined;
  /** What has arrived of it, in so many frames. */
  readonly #partial = new ByteCollector();
  #frames = 0;
  /** Clients repeat themselves: the last block that changed no table, and what it said. */
  #lastBlock: Buffer | undefined;
  #lastVersion = 0;
  #lastReceived: Received = { kind: "malformed" };

  /** @param maxBytes the limit on headers, uncompressed */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * A HEADERS frame. @returns undefined if CONTINUATION frames follow
   * @throws ConnectionError when it is not allowed or cannot be decompressed
   */
  begin(
    flags: number,
    stream: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): Received | undefined {
    if (stream % 2 === 0) throw broken("client stream IDs must be odd");
    const content = unpad(flags, bytes, start, end);
    const { to } = content;
    let { from } = content;
    if (flags & flag.priority) {
      checkPriority(stream, bytes, from, to);
      from += priorityBytes;
    }
    if (flags & flag.endHeaders) return this.#read(bytes, from, to);
    this.unfinished = { stream, flags };
    this.#append(bytes.subarray(from, to));
    return undefined;
  }

  /**
   * A CONTINUATION frame of the unfinished block. @returns undefined if more of them follow
   * @throws ConnectionError when the block has no end or cannot be decompressed
   */
  continue(flags: number, bytes: Buffer, start: number, end: number): Received | undefined {
    this.#append(bytes.subarray(start, end));
    if ((flags & flag.endHeaders) === 0) return undefined;
    this.unfinished = undefined;
    this.#frames = 0;
    const whole = this.#partial.take();
    return this.#decode(Buffer.from(whole.buffer, whole.byteOffset, whole.length), 0, whole.length);
  }

  #append(fragment: Buffer): void {
    this.#partial.append(fragment);
    this.#frames++;
    if (this.#partial.length + this.#frames * headerBytes > this.#maxBytes) {
      throw new ConnectionError(
        errorCode.enhanceYourCalm,
        "the header block exceeds the size limit",
      );
    }
  }

  #read(bytes: Buffer, start: number, end: number): Received {
    const last = this.#lastBlock;
    if (
      last !== undefined &&
      last.length === end - start &&
      this.#lastVersion === this.#decoder.version &&
      bytes.compare(last, 0, last.length, start, end) === 0
    ) {
      return this.#lastReceived;
    }
    const before = this.#decoder.version;
    const received = this.#decode(bytes, start, end);
    if (this.#decoder.version === before && end - start <= maxRememberedBytes) {
      this.#lastBlock = Buffer.from(bytes.subarray(start, end));
      this.#lastVersion = before;
      this.#lastReceived = received;
    }
    return received;
  }

  #decode(bytes: Buffer, start: number, end: number): Received {
    const headers = new RequestHeaders(this.#maxBytes);
    try {
      this.#decoder.decode(bytes, start, end, headers.add);
    } catch (error) {
      if (!(error instanceof CompressionError)) throw error;
      throw new ConnectionError(errorCode.compression, error.message);
    }
    return headers.received;
  }
}
