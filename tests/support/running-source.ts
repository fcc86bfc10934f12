import { type Clock, systemClock } from "../../src/core/clock.ts";
import type { Payload, Source, SourceSink } from "../../src/sources/source.ts";
import { until } from "./until.ts";

/** Waits as the system's clock does, but never longer than 50 ms: no test has to wait for a poll. */
export const hastyClock: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 50), signal),
};

/** A source at work, and what it has delivered. `await using` stops it. */
export class RunningSource implements SourceSink, AsyncDisposable {
  readonly payloads: Payload[] = [];
  readonly failures: string[] = [];
  unchangedCalls = 0;
  /** With the error that ended it, if one did. */
  readonly ended: Promise<unknown>;
  readonly #abort = new AbortController();

  constructor(
    readonly source: Source,
    /** Which documents the sink accepts. */
    private readonly acceptable: (document: string) => boolean = () => true,
  ) {
    this.ended = source.run(this, this.#abort.signal).then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  async accept(payload: Payload): Promise<boolean> {
    this.payloads.push(payload);
    return this.acceptable(textOf(payload));
  }

  unchanged(): void {
    this.unchangedCalls++;
  }

  failed(reason: string): void {
    this.failures.push(reason);
  }

  /** The documents delivered, in order. */
  get documents(): readonly string[] {
    return this.payloads.map(textOf);
  }

  async delivers(document: string): Promise<Payload> {
    return await until(
      `the delivery of ${document.slice(0, 80)}`,
      () => this.documents.at(-1) === document && this.payloads.at(-1),
    ).catch((error) => {
      const seen = { documents: this.documents, failures: [...new Set(this.failures)] };
      throw new Error(`${error}; seen: ${JSON.stringify(seen).slice(0, 2000)}`);
    });
  }

  /** Waits until it has failed for `reason`, the failures before `after` not counted. */
  async fails(reason: string | RegExp, after = 0): Promise<string> {
    return await until(`the failure ${reason}`, () =>
      this.failures
        .slice(after)
        .find((failure) =>
          typeof reason === "string" ? failure.includes(reason) : reason.test(failure),
        ),
    ).catch((error) => {
      throw new Error(`${error}; it failed with ${JSON.stringify([...new Set(this.failures)])}`);
    });
  }

  /** Waits for a poll that finds nothing new, those before `since` calls of `unchanged` not counted. */
  async finds(since = this.unchangedCalls): Promise<void> {
    await until("a poll that finds nothing new", () => this.unchangedCalls > since);
  }

  stop(): Promise<unknown> {
    this.#abort.abort();
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function textOf({ document }: Payload): string {
  return typeof document === "string" ? document : new TextDecoder().decode(document);
}
