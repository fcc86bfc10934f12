import { windowBytes, windowUpdateBytes } from "../limits.ts";
import { errorCode } from "./frames.ts";

/** What the client may send on one stream: its window (RFC 9113 §5.2) and its `content-length` (§8.1.1). */
export class ReceiveWindow {
  /** Bytes received that the client may not send again yet. */
  #uncredited = 0;
  /** The reader of the body says when the client may send more. */
  held = false;
  /** What a `content-length` leaves to come; undefined without one. */
  expectedBytes: number | undefined;

  /**
   * A DATA frame has arrived.
   * @param size of its payload: padding counts for the windows
   * @param content bytes of it that belong to the body
   * @returns the error that it is
   */
  receive(size: number, content: number, last: boolean): number | undefined {
    this.#uncredited += size;
    if (this.#uncredited > windowBytes) return errorCode.flowControl;
    if (this.expectedBytes === undefined) return undefined;
    this.expectedBytes -= content;
    const wrong = this.expectedBytes < 0 || (last && this.expectedBytes > 0);
    return wrong ? errorCode.protocol : undefined;
  }

  /** Bytes to be given back at once. */
  due(size: number, content: number): number {
    if (this.held) return size - content;
    return this.#uncredited >= windowUpdateBytes ? this.#uncredited : 0;
  }

  /** They are given back. */
  credit(bytes: number): void {
    this.#uncredited -= bytes;
  }
}
