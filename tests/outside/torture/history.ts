/** A version that a server has taken, and when it had; milliseconds of one clock. */
export interface Write {
  readonly version: number;
  readonly at: number;
}

/** A time in which the way from a server to the daemons was not whole. */
export interface Fault {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** How much later than usual its end may be noticed: a server that was away is tried with growing waits. */
  readonly graceMs: number;
  /** Only for this client: its daemon was away. */
  readonly client?: string;
}

/** What a client got for one request: the versions of all flags, or why not. */
export interface Answer {
  readonly client: string;
  readonly at: number;
  readonly versions: readonly number[] | string;
}

export interface History {
  readonly writes: readonly Write[];
  readonly faults: readonly Fault[];
  readonly answers: readonly Answer[];
}

export interface Verdict {
  readonly violations: readonly string[];
  /** Milliseconds from a write, or from the end of the fault around it, until every client had seen it. */
  readonly lags: readonly number[];
  /** The longest of them, in words. */
  readonly slowest: string;
}

/**
 * Checks what the clients saw: every request was answered, with flags of one version, none older than one seen
 * before, and every version, or a later one, in time.
 */
export function check({ writes, faults, answers }: History, limitMs: number): Verdict {
  const violations: string[] = [];
  const lags: number[] = [];
  let slowest = "";
  const clients = new Set(answers.map(({ client }) => client));
  for (const client of clients) {
    const own = faults.filter((fault) => fault.client === undefined || fault.client === client);
    const seen: { readonly at: number; readonly version: number }[] = [];
    for (const { at, versions } of answers.filter((answer) => answer.client === client)) {
      const when = `${client} at ${Math.round(at)} ms`;
      if (typeof versions === "string") {
        violations.push(`${when}: no answer: ${versions}`);
        continue;
      }
      const [version = Number.NaN] = versions;
      if (versions.some((other) => other !== version)) {
        violations.push(`${when}: a mixed set: ${versions.join(", ")}`);
      }
      const before = seen.at(-1)?.version ?? 0;
      if (version < before) violations.push(`${when}: back from ${before} to ${version}`);
      seen.push({ at, version: Math.max(version, before) });
    }
    for (const write of writes) {
      const { whole, lateAt } = wholeAfter(write.at, own, limitMs);
      const first = seen.find(({ version }) => version >= write.version)?.at;
      const known = seen.at(-1)?.at ?? 0;
      if (first !== undefined) {
        const lag = Math.max(0, first - whole);
        if (lags.every((other) => other < lag)) {
          slowest = `${client}: version ${write.version} of ${Math.round(whole)} ms: ${Math.round(lag)} ms later`;
        }
        lags.push(lag);
      }
      if (known < lateAt) continue;
      if (first === undefined || first > lateAt) {
        const late = first === undefined ? "never" : `${Math.round(first - whole)} ms later`;
        violations.push(`${client}: version ${write.version} of ${Math.round(whole)} ms: ${late}`);
      }
    }
  }
  return { violations, lags, slowest };
}

/** From when on the way is whole for as long as a change may take, and until when the change has to be seen. */
function wholeAfter(at: number, faults: readonly Fault[], limitMs: number) {
  let whole = at;
  let lateAt = at + limitMs;
  for (const fault of faults.toSorted((a, b) => a.from - b.from)) {
    const noticedAt = fault.to + limitMs + fault.graceMs;
    if (noticedAt <= at || fault.from >= lateAt) continue;
    if (fault.to > whole - limitMs) whole = Math.max(whole, fault.to);
    lateAt = Math.max(lateAt, noticedAt, whole + limitMs);
  }
  return { whole, lateAt };
}
