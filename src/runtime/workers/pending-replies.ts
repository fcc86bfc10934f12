import { within } from "../../core/within.ts";

/** Requests to another thread that wait for their replies. */
export class PendingReplies<Reply> {
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #last = 0;

  constructor(private readonly timeoutMs: number) {}

  /** @returns undefined where no reply came in time */
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
