/** Requests to another thread that wait for their replies. */
export class PendingReplies<Reply> {
  readonly #waiting = new Map<number, (reply: Reply | undefined) => void>();
  #last = 0;

  constructor(private readonly timeoutMs: number) {}

  /** @returns undefined where no reply came in time */
  request(send: (id: number) => void): Promise<Reply | undefined> {
    const id = ++this.#last;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.settle(id, undefined), this.timeoutMs);
      this.#waiting.set(id, (reply) => {
        clearTimeout(timer);
        resolve(reply);
      });
      send(id);
    });
  }

  settle(id: number, reply: Reply | undefined): void {
    this.#waiting.get(id)?.(reply);
    this.#waiting.delete(id);
  }
}
