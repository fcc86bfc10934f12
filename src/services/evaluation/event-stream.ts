import { streamDeadlineExceeded } from "../rpc-service.ts";
import {
  type ConfigurationChange,
  keepAlive,
  providerReady,
  providerShutdown,
  type ServerEvent,
} from "./events.ts";

/** Where events go. Behaves as `MessageStream` does. */
export interface EventSink {
  send(event: ServerEvent): boolean;
  end(error?: Error): void;
  abort(): void;
  onDrain(listener: () => void): void;
  onClose(listener: () => void): void;
}

export type ChangeListener = (change: ConfigurationChange) => void;

export interface EventStreamOptions {
  /** Calls the listener after each change; returns what ends that. */
  readonly subscribe: (listener: ChangeListener) => () => void;
  readonly whenReady: Promise<void>;
  /** Milliseconds without another message until a keep_alive. */
  readonly keepAliveMs: number;
  /** Milliseconds that a reader may make no progress while events wait for it. */
  readonly stallMs: number;
  /** Milliseconds until the server ends the stream; ≤ 0: never. */
  readonly deadlineMs: number;
  /** Called once, however the stream ends. */
  readonly onClose: () => void;
}

/**
 * One open event stream. A reader that falls behind costs at most one waiting event: what changes
 * meanwhile is merged into it.
 */
export class EventStream {
  readonly #sink: EventSink;
  readonly #options: EventStreamOptions;
  #closed = false;
  #unsubscribe: (() => void) | undefined;
  #waiting: ConfigurationChange | undefined;
  #lastSent = 0;
  #keepAlive: Timer | undefined;
  #stall: Timer | undefined;
  #deadline: Timer | undefined;

  constructor(sink: EventSink, options: EventStreamOptions) {
    this.#sink = sink;
    this.#options = options;
    sink.onClose(() => this.#close());
    sink.onDrain(() => this.#drained());
    if (options.deadlineMs > 0) {
      this.#deadline = setTimeout(() => this.#end(streamDeadlineExceeded()), options.deadlineMs);
    }
    void options.whenReady.then(() => this.#start());
  }

  /** Tells the reader that the daemon stops, and ends the stream. */
  shutdown(): void {
    if (this.#closed) return;
    this.#send(providerShutdown);
    this.#end();
  }

  #start(): void {
    if (this.#closed) return;
    const { subscribe, keepAliveMs } = this.#options;
    this.#send(providerReady);
    if (this.#closed) return;
    this.#unsubscribe = subscribe((change) => this.#changed(change));
    this.#keepAlive = setTimeout(() => this.#keepAliveDue(), keepAliveMs);
  }

  #changed(change: ConfigurationChange): void {
    if (this.#stall === undefined) this.#send(change.event);
    else this.#waiting = this.#waiting?.followedBy(change) ?? change;
  }

  #drained(): void {
    clearTimeout(this.#stall);
    this.#stall = undefined;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined && !waiting.empty) this.#send(waiting.event);
  }

  #send(event: ServerEvent): void {
    this.#lastSent = performance.now();
    if (this.#sink.send(event) || this.#closed) return;
    this.#stall ??= setTimeout(() => this.#abort(), this.#options.stallMs);
  }

  /** The timer is not moved at every message; it looks when the last one was. */
  #keepAliveDue(): void {
    const { keepAliveMs } = this.#options;
    const idle = performance.now() - this.#lastSent;
    // Timers may fire a fraction of a millisecond early.
    const due = idle >= keepAliveMs - 1;
    if (due && this.#stall === undefined) this.#send(keepAlive);
    if (this.#closed) return;
    this.#keepAlive = setTimeout(
      () => this.#keepAliveDue(),
      due ? keepAliveMs : keepAliveMs - idle,
    );
  }

  #end(error?: Error): void {
    if (this.#closed) return;
    this.#close();
    this.#sink.end(error);
  }

  #abort(): void {
    if (this.#closed) return;
    this.#close();
    this.#sink.abort();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#waiting = undefined;
    clearTimeout(this.#keepAlive);
    clearTimeout(this.#stall);
    clearTimeout(this.#deadline);
    this.#options.onClose();
  }
}
