import type { StartConfig } from "../../config/start-config.ts";
import { within } from "../../core/clock.ts";
import type { Payload, ReadPayload } from "../../sources/source.ts";
import type { Collection } from "../../telemetry/metrics/registry.ts";
import type { HttpHandler, HttpReply } from "../../transport/http-handler.ts";

/** What a worker is started with. */
export interface WorkerInit {
  readonly number: number;
  /** With the ports that the main thread has bound. */
  readonly config: StartConfig;
  /** The main thread's sources, in order of priority. */
  readonly sources: readonly { readonly name: string; readonly provider: string }[];
}

/** From the main thread to a worker. */
export type ToWorker =
  /** All that a source, by its position, has delivered and that was accepted. */
  | {
      readonly kind: "payload";
      readonly source: number;
      readonly payload: Payload | ReadPayload;
    }
  | { readonly kind: "collect"; readonly id: number }
  | { readonly kind: "reply"; readonly id: number; readonly reply: ManagementReply }
  | { readonly kind: "close"; readonly graceMs: number };

/** From a worker to the main thread. */
export type FromWorker =
  /** Every source's flags are in its store: it serves what the main thread serves. */
  | { readonly kind: "ready" }
  | { readonly kind: "collected"; readonly id: number; readonly collection: Collection }
  /** A management request, which only the main thread can answer for the whole. */
  | { readonly kind: "request"; readonly id: number; readonly path: string }
  | { readonly kind: "closed" };

/** A reply in a form that can be posted. */
export type ManagementReply = Omit<HttpReply, "body"> & { readonly body: string };

/** What `handler` answers to a request for `path`. */
export async function replyOf(handler: HttpHandler, target: string): Promise<ManagementReply> {
  const { Readable } = await import("node:stream");
  const body = Readable.from([]);
  const reply = await handler({ method: "GET", target, headers: {}, body, secure: false });
  if (!reply) return { status: 404, headers: [], body: "" };
  return { ...reply, body: await new Response(reply.body as BodyInit).text() };
}

/** Requests to another thread that wait for their replies. */
export class PendingReplies<Reply> {
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #last = 0;

  constructor(private readonly timeoutMs: number) {}

  /** @returns undefined if no reply came in time */
  async request(send: (id: number) => void): Promise<Reply | undefined> {
    const id = ++this.#last;
    const { promise, resolve } = Promise.withResolvers<Reply>();
    this.#waiting.set(id, resolve);
    send(id);
    const reply = await within(promise, this.timeoutMs);
    this.#waiting.delete(id);
    return reply;
  }

  settle(id: number, reply: Reply): void {
    this.#waiting.get(id)?.(reply);
  }
}
