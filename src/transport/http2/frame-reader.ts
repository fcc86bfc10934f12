import { http2Preface } from "../../core/http2-preface.ts";
import type { Turn } from "../../core/turns.ts";
import { ByteCollector } from "../byte-collector.ts";
import { ConnectionError, errorCode, headerBytes } from "./frames.ts";

/** A whole frame: its payload is `bytes[start…end]`, which stays as it is. */
export type OnFrame = (
  type: number,
  flags: number,
  stream: number,
  bytes: Buffer,
  start: number,
  end: number,
) => void;

/** Makes frames of what arrives, however it is cut. Copies only what a chunk ends within. */
export class FrameReader {
  readonly #maxPayload: number;
  readonly #onFrame: OnFrame;
  /** What has arrived and was not looked at yet. */
  readonly #chunks: Buffer[] = [];
  /** The chunk being read, and where. */
  #bytes: Buffer | undefined;
  #at = 0;
  /** The beginning of a frame, or of the preface. */
  readonly #rest = new ByteCollector();
  /** Bytes that `#rest` needs before there is anything to do. */
  #needed = http2Preface.length;
  #started = false;
  /** Frames that were whole. */
  #count = 0;

  constructor(maxPayload: number, onFrame: OnFrame) {
    this.#maxPayload = maxPayload;
    this.#onFrame = onFrame;
  }

  /** The number of the frame of which only the beginning has arrived, when there is one. */
  get unfinished(): number | undefined {
    return this.#rest.length > 0 ? this.#count : undefined;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  /**
   * Hands on frames until there are no more or the turn is over.
   * @returns whether something is left that was not looked at
   * @throws ConnectionError, also what `onFrame` throws
   */
  read(turn: Turn): boolean {
    for (;;) {
      this.#bytes ??= this.#next();
      if (this.#bytes === undefined) return false;
      if (!this.#frames(this.#bytes, turn)) return true;
      this.#bytes = undefined;
    }
  }

  /** The next bytes that begin with a frame and have at least as much of it as was missing. */
  #next(): Buffer | undefined {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk === undefined) return undefined;
      this.#at = 0;
      if (this.#rest.length === 0 && this.#started) return chunk;
      this.#rest.append(chunk);
      if (this.#rest.length < this.#needed) continue;
      const whole = this.#rest.take();
      const bytes = Buffer.from(whole.buffer, whole.byteOffset, whole.length);
      if (!this.#started) this.#begin(bytes);
      return bytes;
    }
  }

  #begin(bytes: Buffer): void {
    if (!bytes.subarray(0, http2Preface.length).equals(http2Preface)) {
      throw new ConnectionError(errorCode.protocol, "the connection preface is missing");
    }
    this.#started = true;
    this.#at = http2Preface.length;
  }

  /** @returns False: the turn is over before the end of `bytes`. */
  #frames(bytes: Buffer, turn: Turn): boolean {
    const { length } = bytes;
    let at = this.#at;
    this.#needed = headerBytes;
    while (length - at >= headerBytes) {
      const size = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
      if (size > this.#maxPayload) {
        throw new ConnectionError(
          errorCode.frameSize,
          `a frame of ${size} bytes exceeds MAX_FRAME_SIZE`,
        );
      }
      const start = at + headerBytes;
      const end = start + size;
      if (end > length) {
        this.#needed = headerBytes + size;
        break;
      }
      this.#count++;
      const type = bytes[at + 3] ?? 0;
      const flags = bytes[at + 4] ?? 0;
      const stream = bytes.readUInt32BE(at + 5) & 0x7fff_ffff;
      at = end;
      this.#at = end;
      this.#onFrame(type, flags, stream, bytes, start, end);
      if (end < length && turn.over) return false;
    }
    if (at < length) this.#rest.append(bytes.subarray(at));
    return true;
  }
}
