import type { Polling } from "../../config/sources/source-config.ts";
import type { Clock } from "../../core/clock.ts";
import { Poller } from "../poller.ts";
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

/** Flags from a document on the web that is looked at in intervals. */
export abstract class PolledSource implements Source {
  readonly name: string;
  readonly provider: string;
  readonly #client: WebClient;
  readonly #poller: Poller;

  protected constructor({ client, provider, ...looking }: PolledSourceOptions) {
    this.name = looking.name;
    this.provider = provider;
    this.#client = client;
    this.#poller = new Poller({ ...looking, look: (signal) => this.look(signal) });
  }

  /** As the poller's. */
  protected abstract look(signal: AbortSignal): Promise<Payload | undefined>;

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
