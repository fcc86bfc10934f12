import { ByteCollector } from "../byte-collector.ts";
import { ConnectionError, errorCode, headerBytes } from "./frames.ts";

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

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
  /** The beginning of a frame, or of the preface. */
  readonly #rest = new ByteCollector();
  /** Bytes that `#rest` needs before there is anything to do. */
  #needed = preface.length;
  #started = false;
  /** Frames that were whole. */
  #count = 0;

  constructor(maxPayload: number, onFrame: OnFrame) {
    this.#maxPayload = maxPayload;
    this.#onFrame = onFrame;
  }

  /** The number of the frame of which only the beginning has arrived, where there is one. */
  get unfinished(): number | undefined {
    return this.#rest.length > 0 ? this.#count : undefined;
  }

  /** @throws ConnectionError, also what `onFrame` throws */
  read(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#rest.length > 0 || !this.#started) {
      this.#rest.append(chunk);
      if (this.#rest.length < this.#needed) return;
      const whole = this.#rest.take();
      bytes = Buffer.from(whole.buffer, whole.byteOffset, whole.length);
    }
    let at = 0;
    if (!this.#started) {
      if (!bytes.subarray(0, preface.length).equals(preface)) {
        throw new ConnectionError(errorCode.protocol, "the connection preface is missing");
      }
      this.#started = true;
      at = preface.length;
    }
    const { length } = bytes;
    this.#needed = headerBytes;
    while (length - at >= headerBytes) {
      const size = bytes.readUIntBE(at, 3);
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
      const stream = bytes.readUInt32BE(at + 5) & 0x7fff_ffff;
      this.#onFrame(bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, stream, bytes, start, end);
      at = end;
    }
    if (at < length) this.#rest.append(bytes.subarray(at));
  }
}
