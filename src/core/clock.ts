/** Time, chance and waiting, passed in so that tests decide them. */
export interface Clock {
  /** Milliseconds, monotonic. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** Resolves after `ms` or as soon as `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** 24 days: a timer that is set to 2^31 milliseconds or more does not wait at all. */
export const maxTimerMs = 24 * 24 * 3_600_000;

/** The real time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  random: Math.random,
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener("abort", done);
    }),
};

/** What `promise` resolves with, or undefined if that takes longer than `ms`. */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(late.resolve, ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
