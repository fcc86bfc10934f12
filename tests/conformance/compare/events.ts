/** What an event stream (v1, Connect, JSON) has said. */
import type { Json } from "../../../src/core/json.ts";

export class EventLog {
  readonly #abort = new AbortController();
  readonly #messages: string[] = [];

  /** Resolves when the stream has said that it is ready. */
  static async open(port: number): Promise<EventLog> {
    const log = new EventLog();
    const url = `http://127.0.0.1:${port}/flagd.evaluation.v1.Service/EventStream`;
    const headers = { "Content-Type": "application/connect+json", "Accept-Encoding": "identity" };
    const body = new Uint8Array([0, 0, 0, 0, 2, 0x7b, 0x7d]);
    const signal = log.#abort.signal;
    const response = await fetch(url, { method: "POST", headers, body, signal });
    void log.#read(response).catch(() => {});
    const end = performance.now() + 5000;
    while (log.#messages.length === 0) {
      if (performance.now() > end) throw new Error("no event within 5 s");
      await Bun.sleep(5);
    }
    log.take();
    return log;
  }

  /** The messages since the last call. */
  take(): string[] {
    return this.#messages.splice(0);
  }

  /** The changes of {@link take}, of all messages together: flag key → type of change. */
  takeChanges(): Record<string, Json> {
    const changes: Record<string, Json> = {};
    for (const message of this.take())
      Object.assign(changes, JSON.parse(message).data?.flags ?? {});
    return changes;
  }

  get size(): number {
    return this.#messages.length;
  }

  stop(): void {
    this.#abort.abort();
  }

  async #read(response: Response): Promise<void> {
    let bytes = Buffer.alloc(0);
    for await (const chunk of response.body ?? []) {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt32BE(1)) {
        const end = 5 + bytes.readUInt32BE(1);
        const message = bytes.subarray(5, end).toString();
        if (!message.includes('"keep_alive"')) this.#messages.push(message);
        bytes = bytes.subarray(end);
      }
    }
  }
}
