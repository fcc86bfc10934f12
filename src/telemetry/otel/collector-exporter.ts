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
import {
  type IExporterMetricsHelper,
  type IExportLogsServiceResponse,
  type IExportMetricsServiceResponse,
  type IExportTraceServiceResponse,
  type ISerializer,
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  LogsExporterMetricsHelper,
  MetricsExporterMetricsHelper,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
  TraceExporterMetricsHelper,
} from "@opentelemetry/otlp-transformer";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { CollectorTarget } from "../../core/otel-settings.ts";
import type { Delivery } from "./delivery.ts";
import { GrpcTransport } from "./grpc-transport.ts";
import { TlsFiles, type TlsMaterial } from "./tls-files.ts";

/** What OTLP knows of one kind of telemetry. */
export interface Signal<Items, Response> {
  readonly name: "metrics" | "traces" | "logs";
  readonly grpcService: string;
  readonly protobuf: ISerializer<Items, Response>;
  readonly json: ISerializer<Items, Response>;
  /** Counts items. */
  readonly helper: IExporterMetricsHelper<Items>;
}

export const metricsSignal: Signal<ResourceMetrics, IExportMetricsServiceResponse> = {
  name: "metrics",
  grpcService: "opentelemetry.proto.collector.metrics.v1.MetricsService",
  protobuf: ProtobufMetricsSerializer,
  json: JsonMetricsSerializer,
  helper: MetricsExporterMetricsHelper,
};

export const tracesSignal: Signal<ReadableSpan[], IExportTraceServiceResponse> = {
  name: "traces",
  grpcService: "opentelemetry.proto.collector.trace.v1.TraceService",
  protobuf: ProtobufTraceSerializer,
  json: JsonTraceSerializer,
  helper: TraceExporterMetricsHelper,
};

export const logsSignal: Signal<ReadableLogRecord[], IExportLogsServiceResponse> = {
  name: "logs",
  grpcService: "opentelemetry.proto.collector.logs.v1.LogsService",
  protobuf: ProtobufLogsSerializer,
  json: JsonLogsSerializer,
  helper: LogsExporterMetricsHelper,
};

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
