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
  #oldest: Place<T> | undefined;
  #youngest: Place<T> | undefined;

  /** @param waker calls `sweep` when something may have expired; undefined: somebody else does */
  constructor(timeoutMs: number, onExpired: (item: T) => void, waker?: Waker) {
    this.#timeoutMs = timeoutMs;
    this.#onExpired = onExpired;
    this.#waker = waker;
  }

  get empty(): boolean {
    return this.#oldest === undefined;
  }

  get dueAt(): number | undefined {
    return this.#oldest && this.#oldest.since + this.#timeoutMs;
  }

  /** Starts the time of something new. */
  add(item: T, now: number): Place<T> {
    const place = new Place(item);
    this.start(place, now);
    return place;
  }

  /** Starts a thing's time, anew if it is in a queue already, which it leaves. */
  start(place: Place<T>, now: number): void {
    place.stop();
    place.queue = this;
    place.since = now;
    place.before = this.#youngest;
    if (this.#youngest) this.#youngest.after = place;
    else this.#oldest = place;
    this.#youngest = place;
    if (this.#oldest === place) this.#waker?.wake(this, now + this.#timeoutMs);
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
    for (;;) {
      const place = this.#oldest;
      if (place === undefined || now - place.since < this.#timeoutMs) return;
      place.stop();
      this.#onExpired(place.item);
    }
  }

  /** Takes out what is in it. */
  remove(place: Place<T>): void {
    const { before, after } = place;
    if (before) before.after = after;
    else this.#oldest = after;
    if (after) after.before = before;
    else this.#youngest = before;
    place.queue = undefined;
    place.before = undefined;
    place.after = undefined;
  }
}

/**
 * Where one thing stands in a queue, if it is in one. The times of a connection start and stop with each of
 * its requests: that only moves links.
 */
export class Place<T> {
  queue: ExpiryQueue<T> | undefined;
  since = 0;
  before: Place<T> | undefined;
  after: Place<T> | undefined;

  constructor(readonly item: T) {}

  /** The thing does not expire. False: it is in no queue, perhaps because its time was over. */
  stop(): boolean {
    if (this.queue === undefined) return false;
    this.queue.remove(this);
    return true;
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
