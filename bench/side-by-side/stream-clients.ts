/** Many open streams, read by so little code that it is not the clients that are measured. */
import type { Socket } from "bun";
import { frame, frameType, grpcHeaders, preface } from "../../tests/support/raw-client.ts";
import { until } from "../../tests/support/until.ts";
import { MessageCounter } from "./message-counter.ts";

export const connections = 10;
const streamsPerConnection = 100;
export const streams = connections * streamsPerConnection;

/** When the first and the last stream got a message, by `performance.now()`. */
export interface Arrival {
  readonly first: number;
  readonly last: number;
}

/** A window that is never used up: the largest there is (RFC 9113 §6.9.1). */
const endless = 2 ** 31 - 1;
const initialWindow = 65_535;
const acknowledgement = 1;
const endHeaders = 4;
const endStream = 1;

export class StreamClients implements Disposable {
  #sockets: Socket[] = [];
  readonly #got = new Set<string>();
  #first = 0;
  #last = 0;

  constructor(
    private readonly port: number,
    private readonly path: string,
  ) {}

  async open(): Promise<void> {
    const { port } = this;
    for (let i = 0; i < connections; i++) {
      const counter = new MessageCounter(
        (stream) => this.#arrived(`${i} ${stream}`),
        ({ type, flags, payload }) => {
          if (flags === acknowledgement) return;
          const answer = type === frameType.ping ? payload : undefined;
          socket.write(frame(type, acknowledgement, 0, answer));
        },
      );
      const socket = await Bun.connect({
        hostname: "127.0.0.1",
        port,
        socket: { data: (_, chunk) => counter.feed(chunk), error: () => {} },
      });
      this.#sockets.push(socket);
      socket.write(this.#requests());
    }
  }

  /**
   * Resolves when so many streams have got a message since the call of this or of `forget`.
   * @throws Error where they do not within 20 s
   */
  async arrival(expected = streams): Promise<Arrival> {
    await until(`a message on ${expected} streams`, () => this.#got.size >= expected);
    return { first: this.#first, last: this.#last };
  }

  /** From now on messages count anew. */
  forget(): void {
    this.#got.clear();
  }

  /** The streams of the first connection read nothing any more. */
  pause(): void {
    this.#sockets[0]?.pause();
  }

  cut(): void {
    for (const socket of this.#sockets) socket.terminate();
    this.#sockets = [];
  }

  [Symbol.dispose](): void {
    this.cut();
  }

  #arrived(stream: string): void {
    this.#last = performance.now();
    if (this.#got.size === 0) this.#first = this.#last;
    this.#got.add(stream);
  }

  #requests(): Buffer {
    const headers = grpcHeaders(this.path);
    const emptyMessage = Buffer.alloc(5);
    const settings = Buffer.from([0, 4, ...numberBytes(endless)]);
    const requests = Array.from({ length: streamsPerConnection }, (_, i) => [
      frame(frameType.headers, endHeaders, i * 2 + 1, headers),
      frame(frameType.data, endStream, i * 2 + 1, emptyMessage),
    ]);
    return Buffer.concat([
      preface,
      frame(frameType.settings, 0, 0, settings),
      frame(frameType.windowUpdate, 0, 0, Buffer.from(numberBytes(endless - initialWindow))),
      ...requests.flat(),
    ]);
  }
}

function numberBytes(value: number): number[] {
  return [24, 16, 8, 0].map((shift) => (value >> shift) & 255);
}
