import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";

/** Response headers or trailers by name, in any case. */
export type HeaderFields = Readonly<Record<string, string | readonly string[]>>;

/** One HTTP request and its answer, whichever version of HTTP they travel by. None of its methods throw. */
export interface Exchange {
  readonly httpVersion: string;
  readonly method: string;
  /** Path and query, as the client wrote them. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
  /** Of the client; undefined over a unix socket. */
  readonly remoteAddress: string | undefined;
  /**
   * So much more of the body is kept until all of it is there. False: of all requests of the connection that is
   * too much. Without: a connection has one request at a time.
   */
  keep?(bytes: number): boolean;
  /** The client went away before the answer was complete. */
  readonly gone: boolean;
  /** Calls `listener` once, when the answer is complete or the client is gone. */
  onClose(listener: () => void): void;
  respond(status: number, fields: HeaderFields, trailers: boolean): void;
  /** An answer without a body and, other than {@link respond}, complete. */
  answer(status: number, fields: HeaderFields): void;
  /** False: wait for {@link room}. */
  write(chunk: Uint8Array): boolean;
  /** Resolves when there is room again, or nobody left to write to. */
  room(): Promise<void>;
  end(trailers?: HeaderFields): void;
  /** Ends an answer that cannot be completed, so that the client notices. */
  abort(): void;
}
