import type { Payload, Source, SourceSink } from "../../sources/source.ts";

/** A source that delivers what the leader's source of the same name delivered. */
export class RelaySource implements Source {
  #waiting: Payload[] = [];
  #wake: (() => void) | undefined;

  constructor(
    readonly name: string,
    readonly provider: string,
  ) {}

  /** Hands a payload over. Of several that wait, the last of a complete document is enough. */
  relay(payload: Payload): void {
    if (!payload.incremental) this.#waiting = [];
    this.#waiting.push(payload);
    this.#wake?.();
  }

  async run(sink: SourceSink, signal: AbortSignal): Promise<void> {
    const wake = () => this.#wake?.();
    signal.addEventListener("abort", wake);
    while (!signal.aborted) {
      const payload = this.#waiting.shift();
      if (payload) {
        await sink.accept(payload);
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
    signal.removeEventListener("abort", wake);
  }

  /** The leader asks its source; what comes of it is relayed. */
  resync(): void {}
}
