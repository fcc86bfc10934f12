import type { Socket } from "node:net";
import { longestOutput } from "../limits.ts";
import { endThenDestroy } from "../linger.ts";
import { type PlainHead, parsePlainHead } from "./plain-head.ts";

/**
 * The whole answer, head included; undefined: not a request for this path.
 * @param last The connection ends after this answer, which says so.
 */
export type PlainAnswer = (head: PlainHead, body: Uint8Array, last: boolean) => Buffer | undefined;

export interface PlainConnectionEvents {
  /** What arrived was answered as far as the client takes answers, or (`partial`) a request has begun. */
  onIdle(partial: boolean): void;
  /** From here on somebody else reads the connection, beginning with `bytes`. */
  onOther(bytes: Uint8Array): void;
}

/** Longer heads are rare enough for somebody else. */
const longestHead = 8 << 10;
const longestBody = 64 << 10;
const nothing: Buffer = Buffer.alloc(0);

/**
 * Answers requests straight from their bytes, without an HTTP server's objects for each, for as long
 * as a client writes what {@link parsePlainHead} takes and `answer` answers. The first request that is
 * anything else goes with the connection to somebody else, for good.
 */
export class PlainConnection {
  readonly #socket: Socket;
  readonly #answer: PlainAnswer;
  readonly #events: PlainConnectionEvents;
  readonly #longestHead: number;
  #pending: Buffer = nothing;
  #draining = false;
  /** Clients repeat themselves: the head of the last request, and what it said. */
  #lastText = "";
  #lastHead: PlainHead | undefined;

  /** @param maxHeaderBytes a longer head is for somebody else to refuse */
  constructor(
    socket: Socket,
    answer: PlainAnswer,
    maxHeaderBytes: number,
    events: PlainConnectionEvents,
  ) {
    this.#longestHead = Math.min(longestHead, maxHeaderBytes);
    this.#socket = socket;
    this.#answer = answer;
    this.#events = events;
    // A client that will ask no more has its answers to read.
    socket.allowHalfOpen = true;
    socket.on("data", this.read).on("end", this.#onEnd);
  }

  /** The time for a head is over. A body may take longer; who else reads it gives it its own time. */
  expire(): void {
    if (this.#pending.includes("\r\n\r\n")) this.#leave(this.#pending);
    else this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Whether there are answers that the client has not taken yet. */
  get unread(): boolean {
    return this.#socket.writableLength > 0;
  }

  /** What is asked next is answered, and told that the connection ends with it (RFC 9112 §9.6). */
  drain(): void {
    this.#draining = true;
  }

  readonly read = (chunk: Buffer): void => {
    const waiting = this.#pending.length > 0;
    this.#answerAll(waiting ? Buffer.concat([this.#pending, chunk]) : chunk, waiting);
  };

  /** @param waiting for the second piece of its first request, which this is. */
  #answerAll(bytes: Buffer, waiting: boolean): void {
    this.#pending = nothing;
    let answers: Buffer[] = [];
    let length = 0;
    let at = 0;
    while (at < bytes.length) {
      if (length > longestOutput) {
        const taken = this.#write(answers);
        answers = [];
        length = 0;
        if (!taken) {
          this.#pending = bytes.subarray(at);
          break;
        }
      }
      const bodyStart = bytes.indexOf("\r\n\r\n", at) + 4;
      const head =
        bodyStart > 3 ? this.#head(bytes.toString("latin1", at, bodyStart - 4)) : undefined;
      const end = head ? bodyStart + head.bodyLength : Number.POSITIVE_INFINITY;
      if (end > bytes.length) {
        const unusual = bodyStart > 3 ? !head || head.bodyLength > longestBody : false;
        // A head and its body may come apart. More pieces are rare, and gathering them is not free.
        if (unusual || waiting || bytes.length - at > longestHead + longestBody) {
          this.#leave(bytes.subarray(at), answers);
          return;
        }
        this.#pending = bytes.subarray(at);
        break;
      }
      const last = this.#draining && end === bytes.length;
      const answer = head && this.#answer(head, bytes.subarray(bodyStart, end), last);
      if (answer === undefined) {
        this.#leave(bytes.subarray(at), answers);
        return;
      }
      answers.push(answer);
      length += answer.length;
      at = end;
    }
    this.#rest(this.#write(answers));
  }

  #rest(taken: boolean): void {
    // A client that asks without reading the answers has to wait.
    if (!taken) this.#socket.pause().once("drain", this.#goOn);
    else if (this.#draining && this.#pending.length === 0) this.#end();
    this.#events.onIdle(taken && this.#pending.length > 0);
  }

  readonly #goOn = (): void => {
    this.#socket.resume();
    this.#answerAll(this.#pending, false);
  };

  #head(text: string): PlainHead | undefined {
    if (text === this.#lastText) return this.#lastHead;
    if (text.length > this.#longestHead) return undefined;
    this.#lastText = text;
    this.#lastHead = parsePlainHead(text);
    return this.#lastHead;
  }

  /** False: the client has to read what was written before there is more. */
  #write(answers: readonly Buffer[]): boolean {
    const [first] = answers;
    if (first === undefined) return !this.#socket.writableNeedDrain;
    return this.#socket.write(answers.length === 1 ? first : Buffer.concat(answers));
  }

  #leave(bytes: Uint8Array, answers: readonly Buffer[] = []): void {
    this.#socket.off("data", this.read).off("end", this.#onEnd);
    this.#socket.allowHalfOpen = false;
    this.#pending = nothing;
    this.#write(answers);
    this.#events.onOther(bytes);
  }

  readonly #onEnd = (): void => {
    if (this.#socket.writableNeedDrain) this.#draining = true;
    else this.#socket.end();
  };

  /** The last answers may still be in the socket. */
  #end(): void {
    this.#socket.off("data", this.read).resume();
    this.#socket.end(() => endThenDestroy(this.#socket));
  }
}
