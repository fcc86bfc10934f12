import { Code, RpcError } from "../core/errors.ts";
import { streamDeadlineExceeded } from "./rpc-service.ts";

/** A sink whose messages are pulled by their reader: Connect's streaming handlers are async generators. */
export class PulledSink<Message> {
  #queue: Message[] = [];
  #over = false;
  #error: Error | undefined;
  #wake = () => {};
  #drain = () => {};
  #closed = () => {};
  #isClosed = false;

  send(message: Message): boolean {
    if (this.#over || this.#isClosed) return false;
    this.#queue.push(message);
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
    this.end(new RpcError("the client reads too slowly", Code.Aborted));
  }

  onDrain(listener: () => void): void {
    this.#drain = listener;
  }

  onClose(listener: () => void): void {
    this.#closed = listener;
  }

  /** @throws RpcError if the stream ends by one */
  async *messages(signal: AbortSignal): AsyncGenerator<Message> {
    // A reader that is gone may never pull again, which leaves this generator where it is.
    const onAbort = () => {
      this.#close();
      this.#wake();
    };
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) this.#close();
    try {
      for (;;) {
        const message = this.#queue.shift();
        if (message !== undefined) {
          yield message;
          if (this.#queue.length === 0) this.#drain();
        } else if (this.#over) {
          if (this.#error !== undefined) throw this.#error;
          return;
        } else if (signal.aborted) {
          if (isDeadline(signal.reason)) throw streamDeadlineExceeded();
          if (isWithdrawn(signal.reason)) throw signal.reason;
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#close();
    }
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#queue = [];
    this.#closed();
  }
}

function isDeadline(reason: unknown): boolean {
  return reason instanceof RpcError && reason.code === Code.DeadlineExceeded;
}

/** The client's token is no longer valid. */
function isWithdrawn(reason: unknown): boolean {
  return reason instanceof RpcError && reason.code === Code.Unauthenticated;
}
