/** How late something may expire, so that many things that do expire together. */
const graceMs = 250;

/** Where queues say until when nothing in them expires. */
export interface Waker {
  /** @param at milliseconds, as the queue's times */
  wake(queue: Sweepable, at: number): void;
}

interface Sweepable {
  /** When the oldest thing expires; undefined: there is none. */
  readonly dueAt: number | undefined;
  sweep(now: number): void;
}

/**
 * Things that must not last longer than a fixed time. As the time is the same for all of them, they
 * expire in the order in which they were added: one timer for all of them instead of one each.
 */
export class ExpiryQueue<T> {
  #timeoutMs: number;
  readonly #onExpired: (item: T) => void;
  readonly #waker: Waker | undefined;
  readonly #since = new Map<T, number>();

  /** @param waker calls `sweep` when something may have expired; undefined: somebody else does */
  constructor(timeoutMs: number, onExpired: (item: T) => void, waker?: Waker) {
    this.#timeoutMs = timeoutMs;
    this.#onExpired = onExpired;
    this.#waker = waker;
  }

  get size(): number {
    return this.#since.size;
  }

  get dueAt(): number | undefined {
    for (const since of this.#since.values()) return since + this.#timeoutMs;
    return undefined;
  }

  has(item: T): boolean {
    return this.#since.has(item);
  }

  /** Starts the item's time, anew if it is here already. */
  add(item: T, now: number): void {
    this.#since.delete(item);
    this.#since.set(item, now);
    if (this.#since.size === 1) this.#waker?.wake(this, now + this.#timeoutMs);
  }

  /** False: it was not here, or its time was over. */
  delete(item: T): boolean {
    return this.#since.delete(item);
  }

  /** From here on things have less time, those that are here as well. */
  shorten(timeoutMs: number, now: number): void {
    this.#timeoutMs = Math.min(this.#timeoutMs, timeoutMs);
    this.sweep(now);
    const { dueAt } = this;
    if (dueAt !== undefined) this.#waker?.wake(this, dueAt);
  }

  /** Takes out everything whose time is over. */
  sweep(now: number): void {
    for (const [item, since] of this.#since) {
      if (now - since < this.#timeoutMs) return;
      this.#since.delete(item);
      this.#onExpired(item);
    }
  }
}

/** Sweeps queues when something in them may have expired. There is a timer only as long as something can. */
export class Sweeper implements Waker {
  readonly #now: () => number;
  readonly #after: (ms: number, run: () => void) => Timer;
  /** Those with something in them, and others until they are looked at next. */
  readonly #queues = new Set<Sweepable>();
  #timer: Timer | undefined;
  #at = Number.POSITIVE_INFINITY;

  constructor(now: () => number = () => performance.now(), after = startTimer) {
    this.#now = now;
    this.#after = after;
  }

  wake(queue: Sweepable, at: number): void {
    this.#queues.add(queue);
    if (at < this.#at) this.#sweepAt(at, this.#now());
  }

  #sweepAt(at: number, now: number): void {
    clearTimeout(this.#timer);
    this.#at = at;
    this.#timer = this.#after(Math.max(0, at - now), this.#sweep);
  }

  readonly #sweep = (): void => {
    const now = this.#now();
    // A queue that is added meanwhile sets the timer that is needed.
    this.#at = Number.POSITIVE_INFINITY;
    for (const queue of this.#queues) queue.sweep(now);
    let next = Number.POSITIVE_INFINITY;
    for (const queue of this.#queues) {
      const { dueAt } = queue;
      if (dueAt === undefined) this.#queues.delete(queue);
      else next = Math.min(next, Math.max(dueAt, now + graceMs));
    }
    if (next < this.#at) this.#sweepAt(next, now);
  };
}

/** Does not keep the process alive: what must not last long is no reason to last. */
function startTimer(ms: number, run: () => void): Timer {
  return setTimeout(run, ms).unref();
}

/** That of this thread. */
export const sweeper = new Sweeper();
