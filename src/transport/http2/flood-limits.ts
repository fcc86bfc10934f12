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
