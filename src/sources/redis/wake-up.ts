import type { Clock } from "../../core/clock.ts";

/** Sleep that can be cut short, and the wish for a poll now, which may come at any time. */
export class WakeUp {
  #sleep = new AbortController();
  #pollAsked = false;

  constructor(private readonly clock: Clock) {}

  get pollAsked(): boolean {
    return this.#pollAsked;
  }

  askForPoll(): void {
    this.#pollAsked = true;
    this.wake();
  }

  /** @returns whether a poll was asked for since the last call */
  takePollAsked(): boolean {
    const asked = this.#pollAsked;
    this.#pollAsked = false;
    return asked;
  }

  /** Ends the present sleep. */
  wake(): void {
    this.#sleep.abort();
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (ms <= 0 || signal.aborted || this.#pollAsked) return;
    if (this.#sleep.signal.aborted) this.#sleep = new AbortController();
    await this.clock.sleep(ms, this.#sleep.signal);
  }
}
