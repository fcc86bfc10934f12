import { type Frame, frameType } from "../../tests/support/raw-client.ts";

const headBytes = 9;
const prefixBytes = 5;

/** A gRPC message under way: its prefix (one byte of flags, four of length), then so many bytes. */
interface Message {
  prefixLength: number;
  length: number;
}

/**
 * Tells which streams of one HTTP/2 connection have got a whole gRPC message, with as little work as
 * can be: DATA (without padding) is passed over, not kept.
 */
export class MessageCounter {
  readonly #head = Buffer.alloc(headBytes);
  #headLength = 0;
  #left = 0;
  #control: Buffer[] = [];
  readonly #messages = new Map<number, Message>();

  /** @param onControl is given SETTINGS and PING, which want an answer */
  constructor(
    private readonly onMessage: (stream: number) => void,
    private readonly onControl: (frame: Frame) => void,
  ) {}

  feed(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#headLength < headBytes) {
        const copied = chunk.copy(this.#head, this.#headLength, at);
        at += copied;
        this.#headLength += copied;
        if (this.#headLength < headBytes) return;
        this.#left = this.#head.readUIntBE(0, 3);
      }
      const end = Math.min(chunk.length, at + this.#left);
      this.#payload(chunk, at, end);
      this.#left -= end - at;
      at = end;
      if (this.#left === 0) this.#frameEnds();
    }
  }

  get #type(): number {
    return this.#head[3] ?? 0;
  }

  get #stream(): number {
    return this.#head.readUInt32BE(5) & 0x7fff_ffff;
  }

  #payload(chunk: Buffer, from: number, to: number): void {
    if (this.#type === frameType.data) this.#data(chunk, from, to);
    else if (this.#answerable) this.#control.push(Buffer.from(chunk.subarray(from, to)));
  }

  #data(chunk: Buffer, from: number, to: number): void {
    const stream = this.#stream;
    let message = this.#messages.get(stream);
    if (!message) {
      message = { prefixLength: 0, length: 0 };
      this.#messages.set(stream, message);
    }
    for (let at = from; at < to; ) {
      if (message.prefixLength < prefixBytes) {
        if (message.prefixLength++ > 0) message.length = message.length * 256 + (chunk[at] ?? 0);
        at++;
      } else {
        const taken = Math.min(message.length, to - at);
        message.length -= taken;
        at += taken;
      }
      if (message.prefixLength === prefixBytes && message.length === 0) {
        message.prefixLength = 0;
        this.onMessage(stream);
      }
    }
  }

  get #answerable(): boolean {
    return this.#type === frameType.settings || this.#type === frameType.ping;
  }

  #frameEnds(): void {
    this.#headLength = 0;
    if (!this.#answerable) return;
    const payload = Buffer.concat(this.#control);
    this.#control = [];
    const frame = { type: this.#type, flags: this.#head[4] ?? 0, stream: this.#stream, payload };
    this.onControl(frame);
  }
}
