import type { Clock } from "../../core/clock.ts";
import { Poller } from "../poller.ts";
import type { Polling } from "../settings.ts";
import type { Payload, Source, SourceSink } from "../source.ts";
import type { WebClient } from "./web-client.ts";

export interface PolledSourceOptions {
  readonly name: string;
  readonly provider: string;
  /** Closed when the source ends. */
  readonly client: WebClient;
  readonly clock: Clock;
  readonly polling: Polling;
}

/** Flags from a document on the web that is polled. */
export abstract class PolledSource implements Source {
  readonly name: string;
  readonly provider: string;
  readonly #client: WebClient;
  readonly #poller: Poller;

  protected constructor({ client, provider, ...polled }: PolledSourceOptions) {
    this.name = polled.name;
    this.provider = provider;
    this.#client = client;
    this.#poller = new Poller({ ...polled, poll: (signal) => this.poll(signal) });
  }

  /** As the poller's. */
  protected abstract poll(signal: AbortSignal): Promise<Payload | undefined>;

  async run(sink: SourceSink, signal: AbortSignal): Promise<void> {
    try {
      await this.#poller.run(sink, signal);
    } finally {
      this.#client.close();
    }
  }

  resync(): void {
    this.#poller.resync();
  }
}
