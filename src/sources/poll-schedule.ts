import type { Clock } from "./clock.ts";

/**
 * When a polling source looks: every `intervalSeconds` from its first look on, shifted once by a
 * random part of an interval, so that daemons started together do not all ask in the same second. A
 * `seed` fixes that shift.
 */
export class PollSchedule {
  readonly #intervalMs: number;
  readonly #phaseMs: number;
  readonly #clock: Clock;
  #start: number | undefined;

  constructor(clock: Clock, options: { intervalSeconds: number; seed?: string | undefined }) {
    this.#clock = clock;
    this.#intervalMs = options.intervalSeconds * 1000;
    const chance = options.seed ? fnv1a(options.seed) / 2 ** 32 : clock.random();
    this.#phaseMs = chance * this.#intervalMs;
  }

  /** The time of the next look, on the clock of `now()`; more than a millisecond ahead. */
  next(): number {
    const now = this.#clock.now();
    this.#start ??= now - this.#phaseMs;
    const passed = Math.floor((now + 1 - this.#start) / this.#intervalMs);
    return this.#start + (passed + 1) * this.#intervalMs;
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
