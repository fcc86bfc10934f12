import type { CallObserver } from "../core/calls.ts";
import type { ExpiryQueue } from "../core/expiry.ts";
import type { Log } from "../core/log.ts";

/** Something that is given up when its time is over. */
export interface Expirable {
  expire(): void;
}

/** What the parts of one listener share. */
export interface TransportContext {
  readonly log: Log;
  /** Bytes of a request message, compressed and decompressed; always positive. */
  readonly maxBytes: number;
  /** Requests whose bodies are on their way. */
  readonly receiving: ExpiryQueue<Expirable>;
  /** Where a path that nothing here serves is served; undefined: nowhere. */
  readonly hint: ((path: string) => string | undefined) | undefined;
  /** Undefined: nobody watches. */
  readonly watch: CallObserver | undefined;
}
