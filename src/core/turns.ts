/**
 * The longest that work which can wait holds the event loop in one of its turns, in milliseconds. Whoever
 * asks for something small waits that long at most, whatever others have asked for; much shorter turns
 * would spend more time on passing the turn on than on the work.
 */
export const turnMs = 0.5;

/** One part of some work. */
export interface Turn {
  /** The rest of the work has to wait. */
  readonly over: boolean;
}

/** Goes on until it is done or the turn is over. @returns whether something is left to do */
export type Work = (turn: Turn) => boolean;

/** The turn of work that nobody waits behind. */
export const endlessTurn: Turn = { over: false };

/**
 * Work that may take long: the requests of a client that sends many, the parts of a large answer or document.
 * In one turn of the event loop all such work together gets {@link turnMs}: who is first in the queue
 * goes on, and then goes to its end. In between, everybody else's requests are read and answered.
 */
export class Turns {
  readonly #now: () => number;
  readonly #nextTurn: (callback: () => void) => void;
  readonly #turn: TimedTurn;
  #queue: Work[] = [];
  #scheduled = false;

  constructor(
    now: () => number = () => performance.now(),
    nextTurn: (callback: () => void) => void = setImmediate,
  ) {
    this.#now = now;
    this.#nextTurn = nextTurn;
    this.#turn = new TimedTurn(now);
  }

  /** Does the first part at once, and what is left in later turns. */
  start(work: Work): void {
    const outer = this.#begin();
    try {
      if (work(this.#turn)) this.queue(work);
    } finally {
      this.#turn.end = outer;
    }
  }

  /** Does it in later turns. */
  queue(work: Work): void {
    this.#queue.push(work);
    this.#schedule();
  }

  /** Begins a turn, perhaps within another one. @returns when that is over */
  #begin(): number {
    const outer = this.#turn.end;
    this.#turn.end = this.#now() + turnMs;
    return outer;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#nextTurn(this.#run);
  }

  readonly #run = (): void => {
    this.#scheduled = false;
    const turn = this.#turn;
    const outer = this.#begin();
    // Each at most once: what it leaves waits behind the others.
    const queued = this.#queue;
    const left: Work[] = [];
    let at = 0;
    this.#queue = [];
    try {
      while (at < queued.length && (at === 0 || !turn.over)) {
        const work = queued[at++] as Work;
        if (work(turn)) left.push(work);
      }
    } finally {
      turn.end = outer;
      this.#queue = [...queued.slice(at), ...this.#queue, ...left];
      if (this.#queue.length > 0) this.#schedule();
    }
  };
}

/** One object for all turns of a thread: a request makes none of its own. */
class TimedTurn implements Turn {
  end = 0;
  constructor(private readonly now: () => number) {}
  get over(): boolean {
    return this.now() >= this.end;
  }
}

/** Those of this thread, which has one event loop. */
export const turns = new Turns();

/** Work that may be interrupted wherever it yields, so that large documents do not hold up requests. */
export type Steps<Result> = Generator<void, Result, void>;

/** Does it all without interruption. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/**
 * Does it in turns of the event loop, beginning with this one.
 * @param unwanted asked before each step; when it is true no more is done and the promise is rejected
 */
export function inSlices<Result>(
  steps: Steps<Result>,
  unwanted: () => boolean = () => false,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    turns.start((turn) => {
      try {
        while (!unwanted()) {
          const { done, value } = steps.next();
          if (done) {
            resolve(value);
            return false;
          }
          if (turn.over) return true;
        }
        throw new Error("the result is wanted no more");
      } catch (error) {
        reject(error);
      }
      return false;
    });
  });
}
