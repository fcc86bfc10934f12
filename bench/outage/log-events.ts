/** What the JSON log of a daemon says about its connection to the upstream. */

export interface LogEvent {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly message: string;
}

/** Lines that are no entries, such as the last one while it is being written, are left out. */
export function eventsOf(log: string): LogEvent[] {
  return log.split("\n").flatMap((line) => {
    if (!line.startsWith("{") || !line.endsWith("}")) return [];
    const { ts, msg } = JSON.parse(line) as { ts: string; msg: string };
    return [{ at: Date.parse(ts), message: msg }];
  });
}

/** When attempts to connect failed; the entries are of level debug. */
export function failedAttempts(events: readonly LogEvent[]): number[] {
  return times(events, /ECONNREFUSED.*; connecting to /);
}

/** When the daemon had the flags of the upstream again, for the first time after `since`. */
export function backAt(events: readonly LogEvent[], since: number): number | undefined {
  return times(events, /^(?:flags (?:loaded|changed)|source recovered)/).find((at) => at >= since);
}

/** How many of the times lie in each second from `start` on, up to `end`. */
export function perSecond(instants: readonly number[], start: number, end: number): number[] {
  const counts = new Array<number>(Math.ceil((end - start) / 1000)).fill(0);
  for (const at of instants) {
    const second = Math.floor((at - start) / 1000);
    if (second in counts) counts[second] = (counts[second] ?? 0) + 1;
  }
  return counts;
}

function times(events: readonly LogEvent[], pattern: RegExp): number[] {
  return events.filter(({ message }) => pattern.test(message)).map(({ at }) => at);
}
