const encoder = new TextEncoder();

/** A comment, which keeps connections from being idle. */
const heartbeat = encoder.encode(":\n\n");

/** Chunks that may wait for a reader. One that leaves so many unread is gone or no longer reads. */
const maxWaiting = 16;

/** One open stream of server-sent events (HTML Standard §9.2). */
export class SseStream {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Resolves with the number of bytes sent, however the stream ended. */
  readonly closed: Promise<number>;
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  #resolveClosed: (bytes: number) => void;
  #bytes = 0;
  #timer: Timer | undefined;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    this.body = new ReadableStream(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        cancel: () => this.#over(),
      },
      { highWaterMark: maxWaiting },
    );
    // So that the client learns at once that the stream is open.
    this.heartbeat();
  }

  /**
   * Sends what `event` returns then, after `delayMs`. Where an event is already on its way, that one
   * is as good: it tells of the latest state.
   */
  notify(delayMs: number, event: () => string): void {
    if (this.#controller === undefined) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#send(encoder.encode(event()));
    }, delayMs);
  }

  heartbeat(): void {
    this.#send(heartbeat);
  }

  end(): void {
    const controller = this.#controller;
    this.#over();
    controller?.close();
  }

  #send(chunk: Uint8Array<ArrayBuffer>): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    if ((controller.desiredSize ?? 0) > 0) {
      controller.enqueue(chunk);
      this.#bytes += chunk.length;
    } else {
      this.end();
    }
  }

  #over(): void {
    this.#controller = undefined;
    clearTimeout(this.#timer);
    this.#resolveClosed(this.#bytes);
  }
}
