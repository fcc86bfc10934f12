import type { CallRecord } from "./listener.ts";

/** One call being measured. */
export class Call {
  readonly #report: (call: CallRecord) => void;
  readonly #path: string;
  readonly #protocol: CallRecord["protocol"];
  readonly #httpMethod: string;
  readonly #start = performance.now();
  requestBytes = 0;
  responseBytes = 0;

  constructor(
    report: (call: CallRecord) => void,
    path: string,
    protocol: CallRecord["protocol"],
    httpMethod: string,
  ) {
    this.#report = report;
    this.#path = path;
    this.#protocol = protocol;
    this.#httpMethod = httpMethod;
  }

  finish(httpStatus: number, code: number | undefined): void {
    this.#report({
      path: this.#path,
      protocol: this.#protocol,
      httpMethod: this.#httpMethod,
      httpStatus,
      code,
      milliseconds: performance.now() - this.#start,
      requestBytes: this.requestBytes,
      responseBytes: this.responseBytes,
    });
  }
}
