import { Worker } from "node:worker_threads";
import { buildInfo } from "../../build-info.ts";
import type { Payload, ReadPayload } from "../../sources/source.ts";
import type { Log } from "../../telemetry/log.ts";
import type { Collection } from "../../telemetry/metrics/registry.ts";
import { Restarts } from "../restarts.ts";
import type { Answer, Birth, Order, Report } from "./messages.ts";
import { Questions } from "./questions.ts";

export interface CrewOptions {
  /** Members beside the leader. */
  readonly size: number;
  readonly birth: Omit<Birth, "number">;
  /** Answers a management request for the whole. */
  readonly answer: (path: string) => Promise<Answer>;
  readonly log: Log;
  /** The program of a member. Default: `src/worker.ts`. */
  readonly entry?: string | URL;
}

const restartMs = 1_000;
const collectMs = 2_000;
/** For a member to say that it has closed, beyond the grace period. */
const slackMs = 1_000;

/** A compiled executable knows its workers by their path below the entry point's folder. */
const defaultEntry =
  buildInfo.version === "dev" ? new URL("../../worker.ts", import.meta.url) : "./worker.ts";

/** The threads that serve beside the leader. One that dies is replaced. */
export class Crew {
  readonly #options: CrewOptions;
  readonly #members = new Map<number, Worker>();
  readonly #ready = new Set<number>();
  readonly #collections = new Questions<Collection>(collectMs);
  /** All that each source has delivered, for members that come later. */
  readonly #payloads = new Map<number, Payload | ReadPayload>();
  readonly #allReady = Promise.withResolvers<void>();
  #closing: { readonly done: () => void } | undefined;

  constructor(options: CrewOptions) {
    this.#options = options;
    for (let number = 1; number <= options.size; number++)
      this.#hire(number, new Restarts(restartMs));
  }

  /** Every member has all flags, for the first time. */
  whenReady(): Promise<void> {
    return this.#allReady.promise;
  }

  /** Hands on all that a source of the leader has delivered. */
  relay(source: number, payload: Payload | ReadPayload): void {
    this.#payloads.set(source, payload);
    for (const member of this.#members.values()) send(member, { kind: "payload", source, payload });
  }

  /** What the members have measured. One that does not answer in time is left out. */
  async collect(): Promise<Collection[]> {
    const asked = [...this.#members.values()].map((member) =>
      this.#collections.ask((id) => send(member, { kind: "collect", id })),
    );
    const collections = await Promise.all(asked);
    return collections.filter((collection) => collection !== undefined);
  }

  /** Ends all members as the leader ends. */
  async close(graceMs: number): Promise<void> {
    const closed = Promise.withResolvers<void>();
    this.#closing = { done: closed.resolve };
    for (const member of this.#members.values()) send(member, { kind: "close", graceMs });
    if (this.#members.size > 0) await Promise.race([closed.promise, Bun.sleep(graceMs + slackMs)]);
  }

  #hire(number: number, restarts: Restarts): void {
    const { birth, log } = this.#options;
    const member = new Worker(this.#options.entry ?? defaultEntry, {
      workerData: { ...birth, number } satisfies Birth,
    });
    this.#members.set(number, member);
    for (const [source, payload] of this.#payloads)
      send(member, { kind: "payload", source, payload });
    member.on("message", (report: Report) => this.#hear(number, member, report));
    member.on("error", (error) =>
      log.error("a worker failed", { worker: number, error: `${error}` }),
    );
    const hired = performance.now();
    member.on("exit", (code) => {
      const again = () => this.#hire(number, restarts);
      this.#leave(number, code, again, restarts.wait(performance.now() - hired));
    });
  }

  #hear(number: number, member: Worker, report: Report): void {
    switch (report.kind) {
      case "ready":
        this.#ready.add(number);
        if (this.#ready.size === this.#options.size) this.#allReady.resolve();
        return;
      case "collected":
        this.#collections.answered(report.id, report.collection);
        return;
      case "ask": {
        const { id, path } = report;
        void this.#options
          .answer(path)
          .then((answer) => send(member, { kind: "answer", id, answer }));
        return;
      }
      case "closed":
        void member.terminate();
    }
  }

  #leave(number: number, code: number, again: () => void, waitMs: number): void {
    this.#members.delete(number);
    if (this.#closing) {
      if (this.#members.size === 0) this.#closing.done();
      return;
    }
    this.#options.log.error(`a worker exited with code ${code} and is being replaced`, {
      worker: number,
    });
    setTimeout(() => {
      if (!this.#closing) again();
    }, waitMs);
  }
}

function send(member: Worker, order: Order): void {
  member.postMessage(order);
}
