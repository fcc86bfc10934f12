import type { Intake } from "../../sources/intake.ts";
import type { Payload, ReadPayload, Source } from "../../sources/source.ts";

/** A source that delivers what the main thread's source of the same name has delivered. */
export class RelaySource implements Source {
  #next: Payload | ReadPayload | undefined;
  #wake: (() => void) | undefined;

  constructor(
    readonly name: string,
    readonly provider: string,
  ) {}

  /** Hands a payload over, which is all that the source has: of several that wait the last is enough. */
  relay(payload: Payload | ReadPayload): void {
    this.#next = payload;
    this.#wake?.();
  }

  async run(intake: Intake, signal: AbortSignal): Promise<void> {
    const wake = () => this.#wake?.();
    signal.addEventListener("abort", wake);
    try {
      while (!signal.aborted) {
        const payload = this.#next;
        this.#next = undefined;
        if (payload) {
          await ("reading" in payload ? intake.take(payload) : intake.accept(payload));
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      signal.removeEventListener("abort", wake);
    }
  }

  /** The main thread asks its source; what comes of it is relayed. */
  resync(): void {}
}
