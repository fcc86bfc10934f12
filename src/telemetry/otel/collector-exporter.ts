import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import {
  createOtlpNetworkExportDelegate,
  ExporterMetrics,
  OTLPExporterBase,
} from "@opentelemetry/otlp-exporter-base";
import {
  createOtlpHttpExportDelegate,
  httpAgentFactoryFromOptions,
} from "@opentelemetry/otlp-exporter-base/node-http";
import type { CollectorTarget } from "../../core/otel-settings.ts";
import type { Delivery } from "./delivery.ts";
import { GrpcTransport } from "./grpc-transport.ts";
import type { Signal } from "./signal.ts";
import { TlsFiles, type TlsMaterial } from "./tls-files.ts";

/** Exports of one signal at once; further ones fail. */
const concurrencyLimit = 30;

/**
 * OpenTelemetry's exporter for one signal and one collector, made anew when the TLS files change. The
 * operator learns of failures from `delivery`, and the SDK only that the export is over: it would
 * report them once more.
 */
export class CollectorExporter<Items, Response> {
  readonly #signal: Signal<Items, Response>;
  readonly #target: CollectorTarget;
  readonly #delivery: Delivery;
  readonly #files: TlsFiles | undefined;
  #material: TlsMaterial | undefined;
  #exporter: OTLPExporterBase<Items>;

  /** @throws Error naming a TLS file that cannot be used */
  constructor(signal: Signal<Items, Response>, target: CollectorTarget, delivery: Delivery) {
    this.#signal = signal;
    this.#target = target;
    this.#delivery = delivery;
    const secure = target.url.startsWith("https:");
    this.#files = secure ? new TlsFiles(target.files, target.reloadIntervalMs) : undefined;
    this.#material = this.#files?.current;
    this.#exporter = createExporter(signal, target, this.#material);
  }

  export(items: Items, done: (result: ExportResult) => void): void {
    this.#renew();
    this.#exporter.export(items, ({ code, error }) => {
      if (code === ExportResultCode.SUCCESS) this.#delivery.succeeded();
      else this.#delivery.failed(error);
      done({ code: ExportResultCode.SUCCESS });
    });
  }

  forceFlush(): Promise<void> {
    return this.#exporter.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }

  #renew(): void {
    const material = this.#files?.current;
    if (material === this.#material) return;
    this.#material = material;
    // What is being sent is sent to its end.
    void this.#exporter.shutdown();
    this.#exporter = createExporter(this.#signal, this.#target, material);
  }
}

function createExporter<Items, Response>(
  signal: Signal<Items, Response>,
  target: CollectorTarget,
  tls: TlsMaterial | undefined,
): OTLPExporterBase<Items> {
  const { protocol, url, headers, timeoutMs: timeoutMillis, gzip } = target;
  const compression = gzip ? ("gzip" as const) : ("none" as const);
  const shared = { timeoutMillis, concurrencyLimit, compression };
  const { protobuf, json, helper } = signal;
  if (protocol === "grpc") {
    const metrics = new ExporterMetrics({
      componentType: "otlp_grpc",
      metricsHelper: helper,
      url,
      meterProvider: undefined,
      responseAttributesFromError: () => ({}),
    });
    const transport = new GrpcTransport(signal.grpcService, target, tls);
    return new OTLPExporterBase(
      createOtlpNetworkExportDelegate(shared, protobuf, metrics, transport),
    );
  }
  const isJson = protocol === "http/json";
  const contentType = isJson ? "application/json" : "application/x-protobuf";
  const options = {
    ...shared,
    url,
    headers: async () => ({ ...headers, "Content-Type": contentType }),
    agentFactory: httpAgentFactoryFromOptions({ keepAlive: true, ...tls }),
  };
  return new OTLPExporterBase(
    createOtlpHttpExportDelegate(options, isJson ? json : protobuf, "otlp_http", helper, undefined),
  );
}
