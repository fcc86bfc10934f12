import type { Log } from "../../core/log.ts";
import { TraceService } from "../../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import type { FinishedSpan } from "../tracing/tracer.ts";
import { createExporter } from "./create-exporter.ts";
import { Delivery } from "./delivery.ts";
import { encodeSpans } from "./encode-spans.ts";
import { type CollectorTarget, ExportError, type Exporter } from "./exporter.ts";

export interface SpanQueueOptions {
  readonly to: CollectorTarget | "console";
  /** Milliseconds from a span's end to its export, where no batch is full before. */
  readonly delayMs: number;
  /** Spans beyond are dropped. */
  readonly queueSize: number;
  readonly batchSize: number;
  /** Attributes of the resource. */
  readonly resource: Readonly<Record<string, string>>;
  readonly log: Log;
}

/** A batch that cannot be delivered is tried this often, and then dropped. */
const attempts = 5;
const firstWaitMs = 1_000;

/** Sends spans in batches, one at a time. Bounded: tracing never costs more than what waits here. */
export class SpanQueue {
  readonly #options: SpanQueueOptions;
  readonly #exporter: Exporter;
  readonly #delivery: Delivery;
  readonly #stopped = new AbortController();
  #waiting: FinishedSpan[] = [];
  #timer: Timer | undefined;
  #sending: Promise<void> | undefined;

  /** @throws Error naming a TLS file that cannot be used */
  constructor(options: SpanQueueOptions) {
    this.#options = options;
    this.#exporter = createExporter(TraceService.method.export, options.to);
    this.#delivery = new Delivery("traces", options.to, options.log);
  }

  add(span: FinishedSpan): void {
    const { queueSize, batchSize, delayMs } = this.#options;
    if (this.#waiting.length >= queueSize || this.#stopped.signal.aborted) return;
    this.#waiting.push(span);
    if (this.#sending) return;
    if (this.#waiting.length >= batchSize) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), delayMs).unref();
  }

  /** Sends what waits, each batch once. Never rejects. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#sending;
    await this.#sendAll();
    this.#exporter.close();
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending = this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#options.batchSize);
      await this.#deliver(batch);
    }
  }

  async #deliver(batch: readonly FinishedSpan[]): Promise<void> {
    const { signal } = this.#stopped;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#exporter.send(encodeSpans(this.#options.resource, batch));
        return this.#delivery.succeeded();
      } catch (error) {
        this.#delivery.failed(error);
        const again = error instanceof ExportError && error.retryable;
        if (!again || attempt === attempts || signal.aborted) return;
        await pause(firstWaitMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2), signal);
      }
    }
  }
}

/** Ends early when `signal` aborts. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    timer.unref();
    signal.addEventListener("abort", done);
  });
}
