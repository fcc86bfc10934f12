import type { IncomingHttpHeaders } from "node:http";
import type { CallObserver, CallRecord, CallSpan } from "../core/calls.ts";
import type { ExpiryQueue } from "../core/expiry.ts";
import type { Log } from "../core/log.ts";
import type { Guard } from "./guard.ts";

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
  /** Undefined: everybody may use the port. */
  readonly guard?: Guard | undefined;
  /** Where a path that nothing here serves is served; undefined: nowhere. */
  readonly hint: ((path: string) => string | undefined) | undefined;
  /** Undefined: nobody observes the calls. */
  readonly observer: CallObserver | undefined;
}

/** One call being measured. */
export class Call {
  readonly #observer: CallObserver;
  readonly #path: string;
  readonly #protocol: CallRecord["protocol"];
  readonly #httpMethod: string;
  readonly #start = performance.now();
  readonly #span: CallSpan | undefined;
  requestBytes = 0;
  responseBytes = 0;
  stream = false;
  /** Of a stream they are counted. */
  responses = 1;

  /** @param headers of the request, in which tracing names itself as the caller */
  constructor(
    observer: CallObserver,
    path: string,
    protocol: CallRecord["protocol"],
    httpMethod: string,
    headers: IncomingHttpHeaders,
  ) {
    this.#observer = observer;
    this.#path = path;
    this.#protocol = protocol;
    this.#httpMethod = httpMethod;
    this.#span = observer.trace?.({
      path,
      protocol,
      httpMethod,
      header: (name) => headers[name]?.toString(),
      setHeader: (name, value) => {
        headers[name] = value;
      },
    });
  }

  finish(httpStatus: number, code: number | undefined): void {
    const record: CallRecord = {
      path: this.#path,
      protocol: this.#protocol,
      httpMethod: this.#httpMethod,
      httpStatus,
      code,
      milliseconds: performance.now() - this.#start,
      requestBytes: this.requestBytes,
      responseBytes: this.responseBytes,
      stream: this.stream,
      responses: this.responses,
    };
    this.#observer.onCall?.(record);
    this.#span?.end(record);
  }

  /** The client went away before there was an answer. */
  abandon(): void {
    this.#span?.end(undefined);
  }
}
