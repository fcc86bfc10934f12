import { Readable } from "node:stream";

/**
 * The body of a request for those who read streams. Its client sends no more than is being read: `_read`, which
 * each protocol has its own of, asks for more.
 */
export abstract class RequestBody extends Readable {
  constructor() {
    super({ highWaterMark: 64 << 10 });
    // A body that breaks off says so by its end and by its owner; nobody need listen.
    this.on("error", () => {});
  }

  /** The client sends nothing more, though the body is not complete. */
  breakOff(): void {
    if (!this.readableEnded) this.destroy();
  }

  abstract override _read(): void;
}
