/** An HTTP/2 client that does only what it is told: it reads everything, and pays back nothing. */
import type { Duplex } from "node:stream";
import { numberFrame, settingsFrame } from "./http2-peer.ts";
import { type Frame, frame, frameType, grpcHeaders, parseFrames, preface } from "./raw-client.ts";
import { until } from "./until.ts";

export class RawSession implements Disposable {
  readonly #socket: Duplex;
  #rest = "";
  readonly frames: Frame[] = [];
  closed = false;

  /** @param settings of the client, by number */
  constructor(socket: Duplex, settings: Record<number, number> = {}) {
    this.#socket = socket;
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
    });
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    this.send(preface, settingsFrame(settings), numberFrame(frameType.windowUpdate, 0, 1 << 30));
  }

  #receive(chunk: Buffer): void {
    this.#rest += chunk.toString("latin1");
    const frames = parseFrames(this.#rest);
    this.frames.push(...frames);
    this.#rest = this.#rest.slice(frames.reduce((sum, { payload }) => sum + 9 + payload.length, 0));
  }

  send(...parts: readonly Uint8Array[]): void {
    this.#socket.write(Buffer.concat(parts));
  }

  /** A gRPC request of one message. */
  call(id: number, path: string, message: Uint8Array, more: Record<string, string> = {}): void {
    this.send(
      frame(frameType.headers, 4, id, grpcHeaders(path, more)),
      frame(frameType.data, 1, id, message),
    );
  }

  widen(id: number, bytes: number): void {
    this.send(numberFrame(frameType.windowUpdate, id, bytes));
  }

  /** All data of a stream so far. */
  data(id: number): Buffer {
    const pieces = this.frames.filter(
      ({ type, stream }) => type === frameType.data && stream === id,
    );
    return Buffer.concat(pieces.map(({ payload }) => payload));
  }

  /** Has its answer come to a proper end? */
  ended(id: number): boolean {
    return this.frames.some(({ stream, type, flags }) => {
      return stream === id && flags & 1 && (type === frameType.data || type === frameType.headers);
    });
  }

  /** The code of its RST_STREAM; of 0 that of GOAWAY. */
  code(id: number): number | undefined {
    const type = id === 0 ? frameType.goAway : frameType.reset;
    const found = this.frames.find((frame) => frame.type === type && frame.stream === id);
    return found?.payload.readUInt32BE(id === 0 ? 4 : 0);
  }

  /** Waits for so much data of a stream. */
  async received(id: number, bytes: number): Promise<void> {
    await until(`${bytes} bytes on stream ${id}`, () => this.data(id).length >= bytes);
  }

  async answered(id: number): Promise<void> {
    await until(`the answer on stream ${id}`, () => this.ended(id));
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
