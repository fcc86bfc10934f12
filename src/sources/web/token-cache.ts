import type { Clock } from "../../core/clock.ts";

/** An access token, or temporary credentials. */
export interface Token<T = string> {
  readonly value: T;
  /** Milliseconds from its issue; undefined: the issuer does not say. */
  readonly lifetimeMs: number | undefined;
}

/** Kept back from a lifetime: the time that a request takes, and clocks that differ. */
const reserveMs = 30_000;

/** Keeps an access token until it expires. */
export class TokenCache<T = string> {
  #token: T | undefined;
  #expires = 0;

  constructor(
    private readonly clock: Clock,
    private readonly fetchToken: (signal: AbortSignal) => Promise<Token<T>>,
    private readonly maxMs = Number.POSITIVE_INFINITY,
  ) {}

  /** Whether the next `get` needs no request. */
  get fresh(): boolean {
    return this.#token !== undefined && this.clock.now() < this.#expires;
  }

  /** @throws what fetching a token throws */
  async get(signal: AbortSignal): Promise<T> {
    if (this.#token !== undefined && this.fresh) return this.#token;
    const asked = this.clock.now();
    const { value, lifetimeMs = Number.POSITIVE_INFINITY } = await this.fetchToken(signal);
    // A short lifetime leaves half of it.
    const usable = Math.max(lifetimeMs - reserveMs, lifetimeMs / 2);
    this.#expires = asked + Math.min(usable, this.maxMs);
    this.#token = value;
    return value;
  }

  /** The server did not take the token. */
  forget(): void {
    this.#token = undefined;
  }
}
