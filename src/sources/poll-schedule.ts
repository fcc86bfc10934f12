import type { Clock } from "../core/clock.ts";
import type { Polling } from "./settings.ts";

/**
 * When a source polls, after its first poll: every `interval` seconds, shifted by a part of the
 * interval that chance decides, so that daemons started together do not all ask in the same second.
 * With an `intervalSeed` the seed decides: at the same seconds of the wall clock in every process that has it.
 */
export class PollSchedule {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  /** A time, on the clock of `now()`, at which a poll was due. */
  readonly #origin: number;

  /** @param wallMs milliseconds since 1970 */
  constructor(clock: Clock, { interval, intervalSeed }: Polling, wallMs: () => number = Date.now) {
    this.#clock = clock;
    this.#intervalMs = interval * 1000;
    const shift = intervalSeed
      ? (fnv1a(intervalSeed) % interval) * 1000 - (wallMs() % this.#intervalMs)
      : -clock.random() * this.#intervalMs;
    this.#origin = clock.now() + shift;
  }

  /** The time of the next poll, on the clock of `now()`; more than a millisecond ahead. */
  next(): number {
    const passed = Math.floor((this.#clock.now() + 1 - this.#origin) / this.#intervalMs);
    return this.#origin + (passed + 1) * this.#intervalMs;
  }
}

/** FNV-1a, 32 bit (draft-eastlake-fnv), over UTF-8. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}
