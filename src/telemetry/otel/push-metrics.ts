import type { Log } from "../../core/log.ts";
import { MetricsService } from "../../gen/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.ts";
import type { Collection } from "../metrics/registry.ts";
import { createExporter } from "./create-exporter.ts";
import { Delivery } from "./delivery.ts";
import { encodeMetrics } from "./encode-metrics.ts";
import type { CollectorTarget, Exporter } from "./exporter.ts";

export interface PushOptions {
  readonly to: CollectorTarget | "console";
  readonly intervalMs: number;
  readonly registry: { collect(): Collection | Promise<Collection> };
  readonly log: Log;
}

/**
 * Sends what is measured in an interval. Sums are cumulative, so that an export that fails needs no
 * repetition: the next one says the same and more.
 */
export class MetricsPush {
  readonly #registry: PushOptions["registry"];
  readonly #exporter: Exporter;
  readonly #delivery: Delivery;
  readonly #timer: Timer;
  #sending: Promise<void> | undefined;

  /** @throws Error naming a TLS file that cannot be used */
  constructor({ to, intervalMs, registry, log }: PushOptions) {
    this.#registry = registry;
    this.#exporter = createExporter(MetricsService.method.export, to);
    this.#delivery = new Delivery("metrics", to, log);
    // One that is slow is not overtaken by the next.
    this.#timer = setInterval(() => void (this.#sending ?? this.#send()), intervalMs);
    this.#timer.unref();
  }

  /** Sends the last state, once. Never rejects. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sending;
    await this.#send();
    this.#exporter.close();
  }

  #send(): Promise<void> {
    this.#sending = this.#attempt().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #attempt(): Promise<void> {
    try {
      const { resource, scopes } = await this.#registry.collect();
      // Facts about the process, which have no scope, stay at /metrics.
      const own = scopes.filter(({ name }) => name !== "");
      const request = encodeMetrics({ resource, scopes: own }, performance.timeOrigin, Date.now());
      await this.#exporter.send(request);
      this.#delivery.succeeded();
    } catch (error) {
      this.#delivery.failed(error);
    }
  }
}
