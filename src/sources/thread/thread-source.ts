import type { Worker } from "node:worker_threads";
import type { Log, LogFields, LogLevel } from "../../core/log.ts";
import { threadEntry } from "../../core/thread-entry.ts";
import type { Problem } from "../../flags/model.ts";
import type { Intake } from "../intake.ts";
import { type ReadPayload, type Source, SourceError } from "../source.ts";
import type { SourceConfig } from "../source-table.ts";

/** What the thread of a source is started with. */
export interface Task {
  readonly config: SourceConfig;
  /** Reject documents that break the schema even if they could be loaded. */
  readonly strict: boolean;
  readonly debugging: boolean;
}

/** The same at one of its starts. */
export interface StartedTask extends Task {
  readonly serving: boolean;
}

/** To the thread of a source. */
export type ToThread =
  | { readonly kind: "resync" }
  /** What became of the documents, in the order in which they came. */
  | { readonly kind: "taken"; readonly accepted: boolean }
  | { readonly kind: "stop" };

/** From the thread of a source. */
export type FromThread =
  | { readonly kind: "document"; readonly payload: ReadPayload }
  /** What is odd about the document before. */
  | {
      readonly kind: "oddities";
      readonly origin?: string;
      readonly warnings: readonly Problem[];
      readonly information: readonly Problem[];
    }
  | { readonly kind: "unchanged" }
  | { readonly kind: "failed"; readonly reason: string }
  | {
      readonly kind: "log";
      readonly level: LogLevel;
      readonly message: string;
      readonly fields: LogFields;
    }
  /** With the reason if it was not told to stop. */
  | { readonly kind: "ended"; readonly reason: string | undefined };

interface ThreadSourceOptions extends Pick<Source, "name" | "provider"> {
  readonly task: Task;
  readonly log: Log;
  /** The program of the thread. Default: `src/source-thread.ts`. */
  readonly entry?: string | URL;
}

/** The thread ended by itself, as one that is out of memory does. */
export class ThreadDied extends SourceError {
  constructor(
    cause: string,
    /** It had delivered before. */
    readonly proven: boolean,
  ) {
    super(`the thread of the source ended: ${cause}`);
  }
}

/** For a source to close its connections. */
const patienceMs = 900;

/** A source that runs in a thread of its own; here its documents arrive ready to be taken. */
export class ThreadSource implements Source {
  readonly name: string;
  readonly provider: string;
  readonly #options: ThreadSourceOptions;
  #thread: Worker | undefined;

  constructor(options: ThreadSourceOptions) {
    this.name = options.name;
    this.provider = options.provider;
    this.#options = options;
  }

  resync(): void {
    this.#send({ kind: "resync" });
  }

  /** @throws ThreadDied, and another SourceError for what ends the source itself */
  async run(intake: Intake, signal: AbortSignal): Promise<void> {
    const ended = Promise.withResolvers<void>();
    // Only a large document needs it.
    const { Worker } = process.getBuiltinModule("node:worker_threads");
    const thread = new Worker(this.#options.entry ?? threadEntry("source-thread"), {
      workerData: { ...this.#options.task, serving: intake.serving } satisfies StartedTask,
    });
    this.#thread = thread;
    let proven = false;
    let taken = Promise.resolve();
    let cause: string | undefined;
    thread.on("message", (message: FromThread) => {
      switch (message.kind) {
        case "document": {
          const { payload } = message;
          proven = true;
          taken = taken.then(() => this.#take(payload, intake));
          return;
        }
        case "oddities":
          void taken.then(() => intake.warnOf(message, message.warnings, message.information));
          return;
        case "unchanged":
          return intake.unchanged();
        case "failed":
          return intake.failed(message.reason);
        case "log":
          return this.#options.log[message.level](message.message, message.fields);
        case "ended":
          if (message.reason === undefined) ended.resolve();
          else ended.reject(new SourceError(message.reason));
      }
    });
    thread.on("error", (error) => {
      cause = String(error);
    });
    thread.on("exit", (code) => ended.reject(new ThreadDied(cause ?? `status ${code}`, proven)));

    let patience: Timer | undefined;
    const stop = () => {
      this.#send({ kind: "stop" });
      patience = setTimeout(() => ended.resolve(), patienceMs);
    };
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    try {
      await ended.promise;
    } finally {
      clearTimeout(patience);
      signal.removeEventListener("abort", stop);
      this.#thread = undefined;
      await thread.terminate();
      // Whoever runs next must not be overtaken by it.
      await taken;
    }
  }

  async #take(payload: ReadPayload, intake: Intake): Promise<void> {
    const accepted = await intake.take(payload);
    this.#send({ kind: "taken", accepted });
  }

  #send(message: ToThread): void {
    this.#thread?.postMessage(message);
  }
}
