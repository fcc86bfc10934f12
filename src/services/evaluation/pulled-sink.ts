/** Events for a reader that pulls them: Connect's streaming handlers are async generators. */
import { Code, ConnectError } from "@connectrpc/connect";
import { streamDeadlineExceeded } from "./errors.ts";
import type { EventSink } from "./event-stream.ts";
import type { ServerEvent } from "./events.ts";

export class PulledSink implements EventSink {
  #queue: ServerEvent[] = [];
  #over = false;
  #error: Error | undefined;
  #wake = () => {};
  #drain = () => {};
  #closed = () => {};

  send(event: ServerEvent): boolean {
    if (this.#over) return false;
    this.#queue.push(event);
    this.#wake();
    return false;
  }

  end(error?: Error): void {
    this.#over = true;
    this.#error = error;
    this.#wake();
  }

  abort(): void {
    this.#queue = [];
    this.end(new ConnectError("the client reads too slowly", Code.Aborted));
  }

  onDrain(listener: () => void): void {
    this.#drain = listener;
  }

  onClose(listener: () => void): void {
    this.#closed = listener;
  }

  /** @throws ConnectError where the stream ends by one */
  async *events(signal: AbortSignal): AsyncGenerator<ServerEvent> {
    const onAbort = () => this.#wake();
    signal.addEventListener("abort", onAbort);
    try {
      for (;;) {
        const event = this.#queue.shift();
        if (event !== undefined) {
          yield event;
          if (this.#queue.length === 0) this.#drain();
        } else if (this.#over) {
          if (this.#error !== undefined) throw this.#error;
          return;
        } else if (signal.aborted) {
          if (isDeadline(signal.reason)) throw streamDeadlineExceeded();
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#over = true;
      this.#closed();
    }
  }
}

function isDeadline(reason: unknown): boolean {
  return reason instanceof ConnectError && reason.code === Code.DeadlineExceeded;
}
