import type { SourceStatus } from "../../sources/source-status.ts";

/**
 * Ready once every source has delivered a flag set, and from then on, whatever happens to the sources:
 * their flags stay in use. Never ready again once stopping.
 */
export class Readiness {
  readonly #whenReady: Promise<void>;
  readonly #check: () => void;
  readonly #listeners = new Set<() => void>();
  #stopping = false;
  #held = 0;

  constructor(readonly sources: readonly SourceStatus[]) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenReady = promise;
    this.#check = () => {
      if (this.state !== "ready") return;
      resolve();
      this.#tell();
    };
    for (const source of sources) source.onDelivered(this.#check);
    this.#check();
  }

  get state(): "starting" | "ready" | "stopping" {
    if (this.#stopping) return "stopping";
    return this.#allDelivered && this.#held === 0 ? "ready" : "starting";
  }

  /** Resolves at the moment of becoming ready; pending for ever if that does not come. */
  whenReady(): Promise<void> {
    return this.#whenReady;
  }

  /** Not ready before `condition` resolves either. */
  require(condition: Promise<void>): void {
    this.#held++;
    void condition.then(() => {
      this.#held--;
      this.#check();
    });
  }

  /** The daemon is shutting down. */
  stop(): void {
    this.#stopping = true;
    this.#tell();
  }

  /** Calls `listener` whenever the state may have changed. Returns what ends that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  get #allDelivered(): boolean {
    return this.sources.every((source) => source.delivered);
  }
}
