import { SourceError } from "../source-error.ts";

/** How long an exchange may take. */
export interface Patience {
  /** Milliseconds for the whole exchange. */
  readonly timeoutMs?: number;
  /** Milliseconds without a byte. */
  readonly silenceMs: number;
}

/** Ends an exchange that takes too long, or in which nothing arrives. */
export class Watchdog {
  readonly #ended = new AbortController();
  readonly #silence: ReturnType<typeof setTimeout>;
  readonly #total: ReturnType<typeof setTimeout> | undefined;
  readonly #stop: () => void;

  constructor(
    private readonly outer: AbortSignal,
    { timeoutMs, silenceMs }: Patience,
  ) {
    const end = (ms: number, what: string) => () =>
      this.#ended.abort(new SourceError(`${what} within ${ms / 1000} s`));
    this.#silence = setTimeout(end(silenceMs, "the server sent nothing"), silenceMs);
    this.#total =
      timeoutMs === undefined
        ? undefined
        : setTimeout(end(timeoutMs, "the server did not finish its response"), timeoutMs);
    this.#stop = () => this.#ended.abort(outer.reason);
    if (outer.aborted) this.#stop();
    else outer.addEventListener("abort", this.#stop);
  }

  /** Aborts with a SourceError as reason when patience is over, or with the outer signal. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Something arrived. */
  heard(): void {
    this.#silence.refresh();
  }

  /** The exchange is over. */
  dismiss(): void {
    clearTimeout(this.#silence);
    clearTimeout(this.#total);
    this.outer.removeEventListener("abort", this.#stop);
  }
}
