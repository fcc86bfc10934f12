import { Readable } from "node:stream";
import type { Http2Stream } from "./http2-stream.ts";

/** The body of a request for those who read streams. Its client sends no more than is being read. */
export class Http2Body extends Readable {
  readonly #stream: Http2Stream;
  /** Bytes received since they were asked for last. */
  #received = 0;

  constructor(stream: Http2Stream) {
    super({ highWaterMark: 64 << 10 });
    this.#stream = stream;
    stream.holdWindow();
    // A body that breaks off says so by its end and by its owner; nobody need listen.
    this.on("error", () => {});
  }

  receive(chunk: Buffer, end: boolean): void {
    this.#received += chunk.length;
    if (chunk.length > 0 && this.push(chunk)) this.#credit();
    if (end) this.push(null);
  }

  /** The client sends nothing more, though the body is not complete. */
  breakOff(): void {
    if (!this.readableEnded) this.destroy();
  }

  override _read(): void {
    this.#credit();
  }

  #credit(): void {
    const bytes = this.#received;
    this.#received = 0;
    this.#stream.credit(bytes);
  }
}
