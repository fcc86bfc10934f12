import type { MessageStream } from "../../transport/listener.ts";
import type { EncodedState } from "./encoded-state.ts";
import type { StateSink } from "./sync-streams.ts";

/** A slow reader makes progress if it takes this much, and costs no more than it beyond the shared frame. */
const pieceBytes = 64 * 1024;

/** Pieces sent without a pause: a large state would hold up others when its reader takes all. */
const piecesAtOnce = 16;

export interface FrameSinkOptions {
  /** Milliseconds in which a reader must take a piece. */
  readonly stallMs: number;
  /** Called when a reader is dropped because it did not. */
  readonly onStall: () => void;
}

/** Sends states to a gRPC stream in pieces, and drops a reader that takes none for too long. */
export class FrameSink implements StateSink {
  readonly #stream: MessageStream;
  readonly #options: FrameSinkOptions;
  #frame: Uint8Array = new Uint8Array();
  #offset = 0;
  #stall: Timer | undefined;
  #pause: NodeJS.Immediate | undefined;
  #ending: { readonly error: Error | undefined } | undefined;
  #stalled = false;
  #drained = () => {};

  constructor(stream: MessageStream, options: FrameSinkOptions) {
    this.#stream = stream;
    this.#options = options;
    stream.onDrain(() => this.#goOn());
  }

  send({ frame }: EncodedState): boolean {
    this.#frame = frame;
    this.#offset = 0;
    return this.#sendPieces();
  }

  /** Once the state being sent is complete: a client takes half a message for a broken connection. */
  end(error?: Error): void {
    if (this.#stall === undefined && this.#pause === undefined) this.#stream.end(error);
    else this.#ending = { error };
  }

  onDrain(listener: () => void): void {
    this.#drained = listener;
  }

  onClose(listener: (reason: "normal_close" | "error") => void): void {
    this.#stream.onClose(() => {
      clearTimeout(this.#stall);
      clearImmediate(this.#pause);
      listener(this.#stalled ? "error" : "normal_close");
    });
  }

  #goOn(): void {
    clearTimeout(this.#stall);
    clearImmediate(this.#pause);
    this.#stall = undefined;
    this.#pause = undefined;
    if (!this.#sendPieces()) return;
    const ending = this.#ending;
    this.#ending = undefined;
    if (ending) this.#stream.end(ending.error);
    else this.#drained();
  }

  /** True once everything is sent and the reader keeps up. */
  #sendPieces(): boolean {
    for (let pieces = 0; this.#offset < this.#frame.length; pieces++) {
      if (pieces === piecesAtOnce) {
        this.#pause = setImmediate(() => this.#goOn());
        return false;
      }
      const piece = this.#frame.subarray(this.#offset, this.#offset + pieceBytes);
      this.#offset += piece.length;
      if (this.#stream.send(piece)) continue;
      this.#stall = setTimeout(() => this.#giveUp(), this.#options.stallMs);
      return false;
    }
    this.#frame = new Uint8Array();
    return true;
  }

  #giveUp(): void {
    this.#stalled = true;
    this.#options.onStall();
    this.#stream.abort();
  }
}
