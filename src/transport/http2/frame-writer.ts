import { flag, frameType, headerBytes } from "./frames.ts";

const nothing: Buffer = Buffer.alloc(0);
const minBytes = 256;
/** Larger turns are rare; the memory for the next one is not kept ready. */
const maxKeptBytes = 64 << 10;

/** Gathers frames, to be sent together. */
export class FrameWriter {
  #bytes = nothing;
  #length = 0;
  /** What the next turn probably needs. */
  #expected = minBytes;

  get length(): number {
    return this.#length;
  }

  /** What was gathered. It is the caller's: nothing is written to it any more. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length);
    while (this.#expected < Math.min(this.#length, maxKeptBytes)) this.#expected *= 2;
    if (this.#length < this.#expected / 4 && this.#expected > minBytes) this.#expected /= 2;
    this.#bytes = nothing;
    this.#length = 0;
    return taken;
  }

  frame(type: number, flags: number, stream: number, payload: Uint8Array): void {
    const at = this.#header(type, flags, stream, payload.length);
    this.#bytes.set(payload, at);
  }

  /** DATA of `bytes[start…end]`. */
  data(stream: number, bytes: Uint8Array, start: number, end: number, endStream: boolean): void {
    const at = this.#header(frameType.data, endStream ? flag.endStream : 0, stream, end - start);
    const whole = start === 0 && end === bytes.length;
    this.#bytes.set(whole ? bytes : bytes.subarray(start, end), at);
  }

  /** HEADERS, and CONTINUATION when the block is larger than a frame may be. */
  headers(stream: number, block: Uint8Array, endStream: boolean, maxFrame: number): void {
    const flags = endStream ? flag.endStream : 0;
    if (block.length <= maxFrame) {
      this.frame(frameType.headers, flags | flag.endHeaders, stream, block);
      return;
    }
    this.frame(frameType.headers, flags, stream, block.subarray(0, maxFrame));
    for (let at = maxFrame; at < block.length; at += maxFrame) {
      const end = at + maxFrame;
      const last = end >= block.length ? flag.endHeaders : 0;
      this.frame(frameType.continuation, last, stream, block.subarray(at, end));
    }
  }

  /** RST_STREAM or WINDOW_UPDATE. */
  number(type: number, stream: number, value: number): void {
    const at = this.#header(type, 0, stream, 4);
    this.#bytes.writeUInt32BE(value, at);
  }

  goAway(lastStream: number, code: number, debug: string): void {
    const at = this.#header(frameType.goAway, 0, 0, 8 + debug.length);
    this.#bytes.writeUInt32BE(lastStream, at);
    this.#bytes.writeUInt32BE(code, at + 4);
    this.#bytes.write(debug, at + 8, "latin1");
  }

  /** Makes room for a frame and writes its header. Returns where its payload begins. */
  #header(type: number, flags: number, stream: number, length: number): number {
    const at = this.#length;
    const end = at + headerBytes + length;
    if (end > this.#bytes.length) this.#grow(end);
    this.#length = end;
    const bytes = this.#bytes;
    bytes[at] = length >>> 16;
    bytes[at + 1] = length >>> 8;
    bytes[at + 2] = length;
    bytes[at + 3] = type;
    bytes[at + 4] = flags;
    bytes[at + 5] = stream >>> 24;
    bytes[at + 6] = stream >>> 16;
    bytes[at + 7] = stream >>> 8;
    bytes[at + 8] = stream;
    return at + headerBytes;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#expected, this.#bytes.length * 2));
    if (this.#length > 0) larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
