import { constants } from "node:http2";

/** A frame that ends the connection. */
export interface Violation {
  /** Where it begins in the chunk that was read last. */
  readonly offset: number;
  /** The frame that says so to the client. */
  readonly goAway: Uint8Array;
}

const prefaceBytes = 24;
const headerBytes = 9;
const data = 0;
const headers = 1;
const reset = 3;
const windowUpdate = 8;
const endStream = 1;

/** Streams that a client leaves open are remembered up to this many; of older ones nothing is known. */
const maxRemembered = 1024;

/**
 * Watches what a client sends for frames on streams that it has not opened yet or has itself ended
 * (RFC 9113 §5.1). Bun's node:http2 lets them pass, and answers anew on streams that are over.
 *
 * What is wrong on the connection itself or with a frame's content is node:http2's to find.
 */
export class FrameGuard {
  /** Bytes until the next frame begins. */
  #skip = prefaceBytes;
  /** A frame's header that comes in pieces. */
  readonly #header = new Uint8Array(headerBytes);
  #headerLength = 0;
  #lastStream = 0;
  /** Streams opened by the client and not ended by it. */
  readonly #open = new Set<number>();
  #lastForgotten = 0;

  /** Reads what follows in the connection, from the preface on. */
  read(chunk: Uint8Array): Violation | undefined {
    let at = 0;
    for (;;) {
      const skipped = Math.min(this.#skip, chunk.length - at);
      this.#skip -= skipped;
      at += skipped;
      const offset = at;
      if (this.#headerLength === 0 && chunk.length - at >= headerBytes) {
        at += headerBytes;
        const code = this.#check(chunk, offset);
        if (code !== undefined) return this.#violation(offset, code);
        continue;
      }
      while (at < chunk.length && this.#headerLength < headerBytes) {
        this.#header[this.#headerLength++] = chunk[at++] ?? 0;
      }
      if (this.#headerLength < headerBytes) return undefined;
      this.#headerLength = 0;
      const code = this.#check(this.#header, 0);
      if (code !== undefined) return this.#violation(offset, code);
    }
  }

  /** @returns The error that a frame's header is. */
  #check(bytes: Uint8Array, offset: number): number | undefined {
    const byte = (index: number): number => bytes[offset + index] ?? 0;
    const stream = ((byte(5) & 0x7f) << 24) | (byte(6) << 16) | (byte(7) << 8) | byte(8);
    this.#skip = (byte(0) << 16) | (byte(1) << 8) | byte(2);
    // Frames of the connection, and streams that only a server opens.
    if (stream % 2 === 0) return undefined;
    const idle = stream > this.#lastStream;
    switch (byte(3)) {
      case headers:
        if (idle) this.#remember(stream);
        else if (!this.#isOpen(stream)) return constants.NGHTTP2_STREAM_CLOSED;
        if (byte(4) & endStream) this.#open.delete(stream);
        return undefined;
      case data:
        if (idle) return constants.NGHTTP2_PROTOCOL_ERROR;
        if (!this.#isOpen(stream)) return constants.NGHTTP2_STREAM_CLOSED;
        if (byte(4) & endStream) this.#open.delete(stream);
        return undefined;
      case reset:
        this.#open.delete(stream);
        return undefined;
      case windowUpdate:
        return idle ? constants.NGHTTP2_PROTOCOL_ERROR : undefined;
      default:
        return undefined;
    }
  }

  #isOpen(stream: number): boolean {
    return this.#open.has(stream) || stream <= this.#lastForgotten;
  }

  #remember(stream: number): void {
    this.#lastStream = stream;
    this.#open.add(stream);
    if (this.#open.size <= maxRemembered) return;
    // A client that was answered early need not end its stream.
    for (const oldest of this.#open) {
      this.#open.delete(oldest);
      this.#lastForgotten = oldest;
      return;
    }
  }

  #violation(offset: number, code: number): Violation {
    const goAway = Buffer.alloc(headerBytes + 8);
    goAway[2] = 8;
    goAway[3] = 7;
    goAway.writeUInt32BE(this.#lastStream, headerBytes);
    goAway.writeUInt32BE(code, headerBytes + 4);
    return { offset, goAway };
  }
}
