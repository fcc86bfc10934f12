import type { Clock } from "../../core/clock.ts";
import type { ChangeHint, Hint } from "./change-hint.ts";
import { KeyTracking, type KeyTrackingOptions } from "./key-tracking.ts";
import { KeyWatch } from "./key-watch.ts";
import type { Endpoint } from "./redis-address.ts";

/**
 * Changes are pushed, and checks at a slow pace make sure that none was missed and that both connections
 * live. As long as the pushes cannot be trusted, the checks are as frequent as without them. A node of a cluster is
 * asked in between whether it still has the keys.
 */
class PushedHint implements ChangeHint {
  /** When both connections were last checked. */
  #checkedAt: number;

  constructor(
    private readonly watch: KeyWatch,
    private readonly tracking: KeyTracking,
    /** Between two checks, each of both connections. */
    private readonly checkMs: number,
    private readonly clock: Clock,
  ) {
    this.#checkedAt = clock.now();
  }

  get paceMs(): number | undefined {
    if (!this.tracking.trusted) return this.watch.paceMs;
    return Math.min(this.checkMs, this.watch.ownerPaceMs ?? this.checkMs);
  }

  get wanted(): boolean {
    return this.watch.wanted;
  }

  get pushed(): boolean {
    return this.tracking.pushed;
  }

  get direct(): boolean {
    return this.watch.direct;
  }

  async arm(): Promise<void> {
    const armed = this.watch.arm();
    await this.tracking.arm(
      armed.then(() => this.watch.armedInfo),
      () => this.watch.direct,
    );
  }

  async touched(): Promise<boolean> {
    const trusted = this.tracking.trusted;
    if (trusted && this.clock.now() < this.#checkedAt + this.checkMs) {
      return !(await this.watch.owns());
    }
    this.#checkedAt = this.clock.now();
    // At once: if the server hangs, one after the other would take twice the time.
    const alive = trusted ? this.tracking.answer() : undefined;
    const hint = await this.watch.check();
    await alive;
    if (hint !== undefined) await this.tracking.compare(hint === "touched");
    return hint !== "quiet";
  }

  async sinceRead(): Promise<Hint> {
    if (this.tracking.begun) return undefined;
    if (this.tracking.pushed && this.tracking.trusted) return "touched";
    return this.watch.sinceRead();
  }

  close(): void {
    this.tracking.close();
  }
}

export interface HintOptions extends KeyTrackingOptions {
  /** Where the reading connection was opened to. */
  readonly endpoint: Endpoint;
  /** False: changes are looked for all the time. */
  readonly pushes: boolean;
  readonly checkMs: number;
  readonly clock: Clock;
}

/** The hint of one connection. */
export function createHint({
  endpoint,
  pushes,
  checkMs,
  clock,
  ...tracked
}: HintOptions): ChangeHint {
  const watch = new KeyWatch(tracked.connection, tracked.keys, endpoint, tracked.log, clock);
  return pushes ? new PushedHint(watch, new KeyTracking(tracked), checkMs, clock) : watch;
}
