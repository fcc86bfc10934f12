import type { Turn } from "../../core/turns.ts";
import { maxHeldAnswerBytes } from "../limits.ts";
import type { Http2Stream } from "./http2-stream.ts";

/**
 * Complete requests of one connection that wait until its client has read more of the answers it has
 * asked for already: answers that nobody reads are not made.
 */
export class HeldRequests {
  /** The last piece of each, in the order in which they arrived. */
  readonly #waiting = new Map<Http2Stream, Buffer>();
  /** Answers that are being made in turns. */
  #making = 0;
  /** Bytes of complete answers that could not be sent yet. */
  answerBytes = 0;

  get #room(): boolean {
    return this.#making === 0 && this.answerBytes <= maxHeldAnswerBytes;
  }

  /** Is there something that need not wait any more? */
  get ready(): boolean {
    return this.#room && this.#waiting.size > 0;
  }

  /** Holds a request if it has to wait. @param last piece of its body */
  hold(stream: Http2Stream, last: Buffer): boolean {
    if (this.#room && this.#waiting.size === 0) return false;
    // Not the whole chunk that it arrived in.
    this.#waiting.set(stream, Buffer.from(last));
    return true;
  }

  /** The stream is over. */
  forget(stream: Http2Stream): void {
    this.#waiting.delete(stream);
  }

  /** Serves what need not wait any more. @returns whether the turn was over before the end */
  serve(turn: Turn): boolean {
    for (const [stream, last] of this.#waiting) {
      if (!this.#room) return false;
      if (turn.over) return true;
      this.#waiting.delete(stream);
      stream.handOn(last, true);
    }
    return false;
  }

  /**
   * An answer takes long to make: no other is begun meanwhile.
   * @param done called afterwards if something has waited
   */
  making(work: Promise<unknown>, done: () => void): void {
    this.#making++;
    const end = () => {
      this.#making--;
      if (this.ready) done();
    };
    work.then(end, end);
  }
}
