import { Readable } from "node:stream";

/** The body of a request for those who read streams. Its client sends no more than is being read. */
export class RequestBody extends Readable {
  readonly #pull: () => void;

  /** @param pull called when there is room for more */
  constructor(pull: () => void) {
    super({ highWaterMark: 64 << 10 });
    this.#pull = pull;
    // A body that breaks off says so by its end and by its owner; nobody need listen.
    this.on("error", () => {});
  }

  /** The client sends nothing more, though the body is not complete. */
  breakOff(): void {
    if (!this.readableEnded) this.destroy();
  }

  override _read(): void {
    this.#pull();
  }
}
