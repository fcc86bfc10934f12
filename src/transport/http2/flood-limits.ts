import { RateLimit } from "../../core/rate-limit.ts";
import { cancelledCalls, framesPerAnswer, idleFrames } from "../limits.ts";
import { ConnectionError, errorCode } from "./frames.ts";
import type { Http2Stream } from "./http2-stream.ts";

/**
 * What one client may do that costs it nothing and asks for nothing (RFC 9113 §10.5): turns bound how long
 * the others wait for such a client, and this how long it may go on.
 */
export class FloodLimits {
  readonly #now: () => number;
  readonly #cancelled = new RateLimit(cancelledCalls);
  readonly #idle = new RateLimit(idleFrames);

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A call is over before it was answered, by the client's doing. @throws ConnectionError */
  onCancelled(): void {
    if (this.#cancelled.take(this.#now())) return;
    throw new ConnectionError(errorCode.enhanceYourCalm, "too many cancelled calls");
  }

  /** Resets a stream for what the client did on it. @throws ConnectionError */
  reset(stream: Http2Stream, code: number): void {
    stream.reset(code);
    this.onCancelled();
  }

  /** A frame that asks for nothing. @throws ConnectionError */
  onIdleFrame(): void {
    if (this.#idle.take(this.#now())) return;
    throw new ConnectionError(errorCode.enhanceYourCalm, "too many frames that ask for nothing");
  }

  /** A frame of an answer was sent. */
  onAnswer(): void {
    this.#idle.allow(framesPerAnswer);
  }
}

/** The gRPC keepalive rule (gRFC A8): after more than this many untimely pings the peer is cut off. */
const maxStrikes = 2;
/** A connection without streams, when they may not be pinged, may still be pinged this seldom. */
const idleMinTimeMs = 2 * 60 * 60 * 1000;

/** Which keepalive pings of clients are timely. */
export interface PingRule {
  /** Milliseconds that have to pass between two pings. */
  readonly minTimeMs: number;
  /** Whether they may come this often without an open stream; otherwise every two hours. */
  readonly permitWithoutStream: boolean;
}

/** Counts the untimely pings of one connection, as gRPC's servers do. */
export class PingCounter {
  readonly #rule: PingRule;
  #strikes = 0;
  #lastPing = Number.NEGATIVE_INFINITY;
  #forgiven = false;

  constructor(rule: PingRule) {
    this.#rule = rule;
  }

  /** The server sent headers or data: the next ping is free and counting starts anew. */
  forgive(): void {
    this.#forgiven = true;
  }

  /** Takes note of a ping. True: too many, the connection has to go. */
  ping(now: number, streamsOpen: boolean): boolean {
    const since = now - this.#lastPing;
    this.#lastPing = now;
    if (this.#forgiven) {
      this.#forgiven = false;
      this.#strikes = 0;
      return false;
    }
    const permitted = streamsOpen || this.#rule.permitWithoutStream;
    if (since < (permitted ? this.#rule.minTimeMs : idleMinTimeMs)) this.#strikes++;
    return this.#strikes > maxStrikes;
  }
}
