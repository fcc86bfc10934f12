import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { FrameGuard } from "./http2/frame-guard.ts";
import { connectionBufferBytes } from "./limits.ts";
import { endThenDestroy } from "./linger.ts";

type Done = (error: Error | null | undefined) => void;

/**
 * A socket for node:http2 that gathers what is written within one turn of the event loop and hands
 * it over at once. Bun's HTTP/2 otherwise makes one system call for every response, which is a
 * third of the time of a small call.
 *
 * Back-pressure goes through in both directions: `write` returns false while the peer does not read,
 * and the socket is paused while nobody reads from here.
 */
export class BatchingSocket extends Duplex {
  readonly #socket: Socket;
  readonly #guard: FrameGuard | undefined;
  #gathering = false;
  #refused = false;

  /**
   * @param first Bytes that were read from the socket before.
   * @param guard Ends the connection where it finds something wrong.
   */
  constructor(socket: Socket, first: Uint8Array, guard?: FrameGuard) {
    super({ writableHighWaterMark: connectionBufferBytes, allowHalfOpen: true });
    this.#socket = socket;
    this.#guard = guard;
    socket.on("data", (chunk: Uint8Array) => {
      if (!this.#receive(chunk)) socket.pause();
    });
    socket.on("end", () => this.push(null));
    socket.on("error", () => this.destroy());
    socket.on("close", () => this.destroy());
    this.#receive(first);
  }

  /** False: nobody reads at the moment. */
  #receive(chunk: Uint8Array): boolean {
    if (this.#refused) return true;
    const violation = this.#guard?.read(chunk);
    if (violation === undefined) return this.push(chunk);
    this.#refused = true;
    this.push(chunk.subarray(0, violation.offset));
    // What came before is read, and perhaps answered, before the connection ends.
    setImmediate(() => {
      if (this.destroyed) return;
      this.#release();
      this.#socket.write(violation.goAway);
      this.destroy();
    });
    return true;
  }

  override write(chunk: unknown, encodingOrDone?: BufferEncoding | Done, done?: Done): boolean {
    if (!this.#gathering) {
      this.#gathering = true;
      this.cork();
      setImmediate(this.#release);
    }
    return super.write(chunk, encodingOrDone as BufferEncoding, done);
  }

  readonly #release = (): void => {
    this.#gathering = false;
    this.uncork();
  };

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.#send(chunk, done);
  }

  override _writev(parts: { chunk: Uint8Array }[], done: () => void): void {
    this.#send(Buffer.concat(parts.map((part) => part.chunk)), done);
  }

  #send(bytes: Uint8Array, done: () => void): void {
    if (this.#socket.destroyed || this.#socket.write(bytes)) done();
    else this.#socket.once("drain", done);
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _final(done: () => void): void {
    this.#socket.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    endThenDestroy(this.#socket);
    done(error);
  }
}
