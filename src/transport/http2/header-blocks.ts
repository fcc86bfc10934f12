import { ByteCollector } from "../byte-collector.ts";
import { ConnectionError, errorCode, headerBytes } from "./frames.ts";
import { CompressionError, HpackDecoder } from "./hpack/decoder.ts";
import { type Received, RequestHeaders } from "./request-headers.ts";

/** Longer blocks are not repeated to the letter. */
const longestRemembered = 512;

/** Reads the header blocks of one connection, in the order in which they arrive. */
export class HeaderBlocks {
  readonly #decoder = new HpackDecoder();
  readonly #maxBytes: number;
  /** The block that CONTINUATION frames are completing. */
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

  /** A part of a block that is not complete. @throws ConnectionError where the block has no end */
  append(fragment: Buffer): void {
    this.#partial.append(fragment);
    this.#frames++;
    if (this.#partial.length + this.#frames * headerBytes > this.#maxBytes) {
      throw new ConnectionError(
        errorCode.enhanceYourCalm,
        "the header block exceeds the size limit",
      );
    }
  }

  /**
   * The last part of a block, `bytes[start…end]`.
   * @throws ConnectionError where it cannot be decompressed
   */
  finish(bytes: Buffer, start: number, end: number): Received {
    if (this.#frames === 0) return this.#read(bytes, start, end);
    this.append(bytes.subarray(start, end));
    this.#frames = 0;
    const whole = this.#partial.take();
    return this.#decode(Buffer.from(whole.buffer, whole.byteOffset, whole.length), 0, whole.length);
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
    if (this.#decoder.version === before && end - start <= longestRemembered) {
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
