import type { Socket } from "node:net";
import { type Turn, turns } from "../../core/turns.ts";
import { refusal } from "../end-connection.ts";
import { maxGatheredBytes, maxOutputBytes, maxPipelinedBytes } from "../limits.ts";
import type { PathCounts } from "../listener.ts";
import { wholeBody } from "./body-decoder.ts";
import { type ExchangeConnection, Http1Exchange } from "./http1-exchange.ts";
import { ReceivedBytes } from "./received-bytes.ts";
import { headMark, type KnownHeads, type ReadHead, type RequestHead } from "./request-head.ts";
import type { FastPath, HeadEnd } from "./response-head.ts";

/** What a connection waits for, each of which has a limit in time; `answering`: for the service. */
export type Phase = "request" | "next request" | "answering" | "reader" | "last words";

export interface ConnectionOptions {
  /** Of a whole head. */
  readonly maxHeaderBytes: number;
  readonly fastPath: FastPath | undefined;
  readonly serve: (exchange: Http1Exchange) => void;
  readonly paths: PathCounts;
  readonly headEnd: HeadEnd;
  readonly heads: KnownHeads;
  readonly secure: boolean;
  /** Called whenever the time for a phase begins, which may be the present one. */
  readonly onPhase: (phase: Phase) => void;
}

/**
 * One connection of HTTP/1.1: requests are answered one after the other, and read no faster than that. A
 * client that does not read its answers is not read from.
 */
export class Http1Connection implements ExchangeConnection {
  readonly received = new ReceivedBytes();
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  /** So many of the bytes received have no end of a head in them. */
  #searched = 0;
  /** What the client asks for next begins mostly with the same bytes. */
  #lastHead: ReadHead | undefined;
  /** A head whose body has not been received whole. */
  #gathering: RequestHead | undefined;
  #exchange: Http1Exchange | undefined;
  /** Answers of the fast path that have not been written. */
  #answers: Buffer[] = [];
  #answerBytes = 0;
  #phase: Phase = "request";
  #working = false;
  /** The rest of what was received waits for a later turn. */
  #queued = false;
  #reading = true;
  #inputEnded = false;
  #closing = false;
  draining = false;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    // A client that will ask no more has its answers to read.
    socket.allowHalfOpen = true;
    socket.on("data", this.receive).on("end", this.#onEnd);
    socket.on("drain", this.#onDrain).on("close", this.#onClose);
  }

  get secure(): boolean {
    return this.#options.secure;
  }
  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }
  get headEnd(): HeadEnd {
    return this.#options.headEnd;
  }
  get full(): boolean {
    return this.#socket.writableNeedDrain;
  }
  /** The client has answers to take that were written. */
  get unread(): boolean {
    return this.#socket.writableLength > 0;
  }

  readonly receive = (chunk: Buffer): void => {
    if (this.#closing) return;
    this.received.append(chunk);
    this.#goOn();
  };

  #goOn(): void {
    if (this.#exchange) {
      this.#exchange.pump();
      this.updateReading();
    } else if (!this.#queued && !this.#working) {
      turns.start(this.#work);
    }
  }

  /** Answers what was received, as far as that goes. */
  readonly #work = (turn: Turn): boolean => {
    this.#working = true;
    let more = this.#step();
    while (more && !turn.over) more = this.#step();
    this.#working = false;
    this.#flush();
    this.#queued = more;
    if (!more && !this.#exchange) this.#rest();
    this.updateReading();
    return more;
  };

  /** @returns whether there may be another request to answer at once */
  #step(): boolean {
    if (this.#exchange || this.#closing || this.#socket.destroyed) return false;
    if (this.#answerBytes > maxOutputBytes) this.#flush();
    if (this.full) return false;
    const head = this.#gathering ?? this.#nextHead();
    if (head === undefined) return false;
    const { body } = head;
    if (
      typeof body === "number" &&
      body > this.received.length &&
      body <= maxGatheredBytes &&
      !head.expectsContinue &&
      !this.#inputEnded
    ) {
      this.#gathering = head;
      return false;
    }
    this.#gathering = undefined;
    if (!this.#answerFast(head)) this.#serve(head);
    return this.received.length > 0;
  }

  #nextHead(): RequestHead | undefined {
    const { received } = this;
    const { head: last, bytes } = this.#lastHead ?? {};
    if (bytes && typeof last === "object" && this.#searched === 0 && received.startsWith(bytes)) {
      received.skip(bytes.length);
      return last;
    }
    // RFC 9112 §2.2: an empty line before a request is to be ignored.
    if (this.#searched === 0 && received.byteAt(0) === 13 && received.byteAt(1) === 10) {
      received.skip(2);
    }
    const end = received.indexOf(headMark, this.#searched);
    if ((end < 0 ? received.length : end) > this.#options.maxHeaderBytes) {
      return this.#refuse("431 Request Header Fields Too Large");
    }
    if (end < 0) {
      this.#searched = Math.max(0, received.length - 3);
      return undefined;
    }
    const text = received.text(end);
    received.skip(end + headMark.length);
    this.#searched = 0;
    this.#lastHead = this.#options.heads.read(text);
    const { head } = this.#lastHead;
    return typeof head === "string" ? this.#refuse(head) : head;
  }

  /** False: that is for the general path. */
  #answerFast(head: RequestHead): boolean {
    const { fastPath } = this.#options;
    const { received } = this;
    if (!fastPath || head.expectsContinue) return false;
    const body = wholeBody(head, received);
    if (body === undefined) return false;
    const last = !head.keepAlive || (this.draining && body.length === received.length);
    const answer = fastPath(head, body.bytes, last);
    if (answer === undefined) return false;
    received.skip(body.length);
    this.#options.paths.fast.value++;
    this.#answers.push(answer);
    this.#answerBytes += answer.length;
    if (last) this.#close();
    return true;
  }

  #serve(head: RequestHead): void {
    this.#flush();
    this.#enter("answering");
    const exchange = new Http1Exchange(head, this);
    this.#exchange = exchange;
    this.#options.paths.general.value++;
    this.#options.serve(exchange);
    if (this.#inputEnded && this.#exchange === exchange) this.#onEnd();
  }

  /** Nothing can be answered now. */
  #rest(): void {
    if (this.#closing || this.#socket.destroyed) return;
    const waiting = this.#gathering !== undefined || this.received.length > 0;
    if (this.full) this.#enter("reader");
    else if (this.#inputEnded) this.#close();
    else if (!waiting) this.#enter("next request");
    else if (this.#phase !== "request") this.#enter("request");
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#options.onPhase(phase);
  }

  #flush(): void {
    const [first] = this.#answers;
    if (first === undefined) return;
    this.#socket.write(this.#answers.length === 1 ? first : Buffer.concat(this.#answers));
    this.#answers = [];
    this.#answerBytes = 0;
  }

  write(bytes: Uint8Array | string): boolean {
    const taken = this.#socket.write(bytes, "latin1");
    if (!taken) this.#enter("reader");
    else if (this.#inputEnded && !this.#closing) this.#enter("last words");
    return taken;
  }

  updateReading(): void {
    const exchange = this.#exchange;
    const room = !exchange || exchange.readsBody || this.received.length < maxPipelinedBytes;
    const reading = this.#closing || (room && !this.#queued && !this.full);
    if (reading === this.#reading) return;
    this.#reading = reading;
    if (reading) this.#socket.resume();
    else this.#socket.pause();
  }

  finish(last: boolean): void {
    this.#exchange = undefined;
    if (last || this.#closing) this.#close();
    else if (!this.#working) this.#next();
  }

  /** What was received beyond a request waits behind the other connections. */
  #next(): void {
    if (this.received.length === 0) {
      this.#rest();
      this.updateReading();
    } else if (!this.#queued) {
      this.#queued = true;
      turns.queue(this.#work);
      this.updateReading();
    }
  }

  refuseBody(answered: boolean): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    if (answered) this.destroy();
    else this.#refuse("400 Bad Request");
    exchange?.closed();
  }

  #refuse(status: string): undefined {
    this.#flush();
    this.#socket.write(refusal(status));
    this.#close();
    return undefined;
  }

  /** The last answers may still be in the socket, and the client may still be sending. */
  #close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.received.clear();
    this.#flush();
    this.#enter("reader");
    this.updateReading();
    this.#socket.end(() => this.#enter("last words"));
  }

  readonly #onDrain = (): void => {
    if (this.#closing) return;
    if (this.#exchange) {
      this.#enter(this.#inputEnded ? "last words" : "answering");
      this.#exchange.drained();
      this.updateReading();
    } else this.#goOn();
  };

  readonly #onEnd = (): void => {
    this.#inputEnded = true;
    if (this.#exchange) {
      // The client may be gone altogether, which shows when it is written to.
      if (!this.full) this.#enter("last words");
      this.#exchange.inputEnded();
    } else this.#goOn();
  };

  readonly #onClose = (): void => {
    this.#closing = true;
    this.received.clear();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.closed();
  };

  /** The time of a phase is over. */
  expire(): void {
    const { body } = this.#gathering ?? {};
    if (this.#phase === "request" && typeof body === "number") {
      // The service that reads the rest of it has a limit of its own for that, and words for it.
      const head = this.#gathering as RequestHead;
      this.#gathering = undefined;
      this.#serve(head);
      this.updateReading();
    } else if (this.#phase === "next request" && this.unread) this.#enter("reader");
    else this.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
