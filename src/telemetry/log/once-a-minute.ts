const windowMs = 60_000;

export interface OnceAMinuteOptions {
  /** How many different keys pass in one window; further ones do not. Default 100. */
  readonly keys?: number;
  /** Milliseconds. Default: the monotonic clock. */
  readonly now?: () => number;
}

/**
 * Lets each key pass once in a minute, so that what clients send cannot flood the log:
 * `if (allow(flagKey)) log.warn(…)`. Bounded: a window holds no more than `keys` keys.
 */
export function onceAMinute(options: OnceAMinuteOptions = {}): (key: string) => boolean {
  const { keys = 100, now = () => performance.now() } = options;
  const seen = new Set<string>();
  let end = Number.NEGATIVE_INFINITY;
  return (key) => {
    const time = now();
    if (time >= end) {
      seen.clear();
      end = time + windowMs;
    }
    if (seen.size >= keys || seen.has(key)) return false;
    seen.add(key);
    return true;
  };
}
