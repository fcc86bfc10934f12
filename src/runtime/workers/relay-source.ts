import type { Intake } from "../../sources/intake.ts";
import type { Payload, ReadPayload, Source } from "../../sources/source.ts";

/** A source that delivers what the leader's source of the same name delivered. */
export class RelaySource implements Source {
  #waiting: (Payload | ReadPayload)[] = [];
  #wake: (() => void) | undefined;

  constructor(
    readonly name: string,
    readonly provider: string,
  ) {}

  /** Hands a payload over. Of several that wait, the last of a complete document is enough. */
  relay(payload: Payload | ReadPayload): void {
    if (!payload.incremental) this.#waiting = [];
    this.#waiting.push(payload);
    this.#wake?.();
  }

  async run(intake: Intake, signal: AbortSignal): Promise<void> {
    const wake = () => this.#wake?.();
    signal.addEventListener("abort", wake);
    while (!signal.aborted) {
      const payload = this.#waiting.shift();
      if (payload) {
        await ("reading" in payload ? intake.take(payload) : intake.accept(payload));
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
