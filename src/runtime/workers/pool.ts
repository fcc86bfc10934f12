import { Worker } from "node:worker_threads";
import { within } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import { threadEntry } from "../../core/thread-entry.ts";
import type { Payload, ReadPayload } from "../../sources/source.ts";
import type { Collection } from "../../telemetry/metrics/registry.ts";
import { Restarts } from "../restarts.ts";
import {
  type FromWorker,
  type ManagementReply,
  PendingReplies,
  type ToWorker,
  type WorkerInit,
} from "./messages.ts";

export interface WorkerPoolOptions {
  /** Workers beside the main thread. */
  readonly size: number;
  readonly init: Omit<WorkerInit, "number">;
  /** Answers a management request for the whole. */
  readonly reply: (path: string) => Promise<ManagementReply>;
  readonly log: Log;
  /** The program of a worker. Default: `src/worker.ts`. */
  readonly entry?: string | URL;
}

const restartMs = 1_000;
const collectMs = 2_000;
/** For a worker to say that it has closed, beyond the grace period. */
const slackMs = 1_000;

/** The threads that serve beside the main thread. One that dies is replaced. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #workers = new Map<number, Worker>();
  readonly #ready = new Set<number>();
  readonly #collections = new PendingReplies<Collection>(collectMs);
  /** All that each source has delivered, for workers that start later. */
  readonly #payloads = new Map<number, Payload | ReadPayload>();
  readonly #allReady = Promise.withResolvers<void>();
  #closing: { readonly done: () => void } | undefined;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    for (let number = 1; number <= options.size; number++)
      this.#start(number, new Restarts(restartMs));
  }

  /** Every worker has all flags, for the first time. */
  whenReady(): Promise<void> {
    return this.#allReady.promise;
  }

  /** Hands on all that a source of the main thread has delivered. */
  relay(source: number, payload: Payload | ReadPayload): void {
    this.#payloads.set(source, payload);
    for (const worker of this.#workers.values()) send(worker, { kind: "payload", source, payload });
  }

  /** What the workers have measured. One that does not answer in time is left out. */
  async collect(): Promise<Collection[]> {
    const asked = [...this.#workers.values()].map((worker) =>
      this.#collections.request((id) => send(worker, { kind: "collect", id })),
    );
    const collections = await Promise.all(asked);
    return collections.filter((collection) => collection !== undefined);
  }

  /** Ends all workers as the main thread ends. */
  async close(graceMs: number): Promise<void> {
    const closed = Promise.withResolvers<void>();
    this.#closing = { done: closed.resolve };
    for (const worker of this.#workers.values()) send(worker, { kind: "close", graceMs });
    if (this.#workers.size > 0) await within(closed.promise, graceMs + slackMs);
  }

  #start(number: number, restarts: Restarts): void {
    const { init, log } = this.#options;
    const worker = new Worker(this.#options.entry ?? threadEntry("worker"), {
      workerData: { ...init, number } satisfies WorkerInit,
    });
    this.#workers.set(number, worker);
    for (const [source, payload] of this.#payloads)
      send(worker, { kind: "payload", source, payload });
    worker.on("message", (message: FromWorker) => this.#receive(number, worker, message));
    worker.on("error", (error) =>
      log.error("a worker failed", { worker: number, error: `${error}` }),
    );
    const startedAt = performance.now();
    worker.on("exit", (code) => {
      const restart = () => this.#start(number, restarts);
      this.#ended(number, code, restart, restarts.wait(performance.now() - startedAt));
    });
  }

  #receive(number: number, worker: Worker, message: FromWorker): void {
    switch (message.kind) {
      case "ready":
        this.#ready.add(number);
        if (this.#ready.size === this.#options.size) this.#allReady.resolve();
        return;
      case "collected":
        this.#collections.settle(message.id, message.collection);
        return;
      case "request": {
        const { id, path } = message;
        void this.#options.reply(path).then((reply) => send(worker, { kind: "reply", id, reply }));
        return;
      }
      case "closed":
        void worker.terminate();
    }
  }

  #ended(number: number, code: number, restart: () => void, waitMs: number): void {
    this.#workers.delete(number);
    if (this.#closing) {
      if (this.#workers.size === 0) this.#closing.done();
      return;
    }
    this.#options.log.error(`a worker exited with code ${code} and is being replaced`, {
      worker: number,
    });
    setTimeout(() => {
      if (!this.#closing) restart();
    }, waitMs);
  }
}

function send(worker: Worker, message: ToWorker): void {
  worker.postMessage(message);
}
