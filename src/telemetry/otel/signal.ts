import {
  type IExporterMetricsHelper,
  type IExportMetricsServiceResponse,
  type IExportTraceServiceResponse,
  type ISerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  MetricsExporterMetricsHelper,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
  TraceExporterMetricsHelper,
} from "@opentelemetry/otlp-transformer";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";

/** What OTLP knows of one kind of telemetry. */
export interface Signal<Items, Response> {
  readonly name: "metrics" | "traces";
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
