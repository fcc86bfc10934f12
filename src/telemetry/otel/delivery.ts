import type { Log } from "../../core/log.ts";
import { type CollectorTarget, ExportError } from "./exporter.ts";

/**
 * Tells the operator when exports begin to fail and when they work again, not of each failure: a
 * collector may be away for days.
 */
export class Delivery {
  readonly #log: Log;
  readonly #what: string;
  readonly #where: string;
  #failures = 0;

  constructor(what: "metrics" | "traces", target: CollectorTarget | "console", log: Log) {
    this.#what = what;
    this.#where = target === "console" ? "standard output" : new URL(target.url).host;
    this.#log = log;
  }

  succeeded(): void {
    if (this.#failures > 0) {
      this.#log.info(`exporting ${this.#what} to ${this.#where} again`, {
        failures: this.#failures,
      });
    }
    this.#failures = 0;
  }

  failed(error: unknown): void {
    const reason = error instanceof ExportError ? error.message : String(error);
    const level = this.#failures++ === 0 ? "warn" : "debug";
    this.#log[level](`cannot export ${this.#what} to ${this.#where}`, { reason });
  }
}
