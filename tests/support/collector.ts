import { readFileSync } from "node:fs";
import { type DescMethodUnary, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { type Metadata, Server, ServerCredentials, type sendUnaryData } from "@grpc/grpc-js";
import type { KeyPair } from "./certificates.ts";
import { MetricsService } from "./otlp/gen/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.ts";
import { TraceService } from "./otlp/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import type { KeyValue } from "./otlp/gen/opentelemetry/proto/common/v1/common_pb.ts";
import type { Metric } from "./otlp/gen/opentelemetry/proto/metrics/v1/metrics_pb.ts";
import type { Span } from "./otlp/gen/opentelemetry/proto/trace/v1/trace_pb.ts";

type MetricsRequest = MessageShape<typeof MetricsService.method.export.input>;
type TraceRequest = MessageShape<typeof TraceService.method.export.input>;

export interface ReceivedSpan extends Span {
  readonly scopeName: string;
}

/** A collector that speaks OTLP over gRPC and keeps what it was sent. */
export class Collector implements Disposable {
  readonly metricsRequests: MetricsRequest[] = [];
  readonly traceRequests: TraceRequest[] = [];
  /** Of each request. */
  readonly metadata: Metadata[] = [];
  /** Requests are refused with this gRPC status while it is set. */
  refuse: number | undefined;
  refusals = 0;
  port = 0;
  readonly #server = new Server();

  /** @param tls with a CA: asks for client certificates */
  static async start(
    options: { readonly tls?: KeyPair; readonly clientCa?: string; readonly port?: number } = {},
  ): Promise<Collector> {
    const collector = new Collector();
    await collector.#listen(options);
    return collector;
  }

  async #listen(options: { tls?: KeyPair; clientCa?: string; port?: number }): Promise<void> {
    this.#add(MetricsService.method.export, (request) =>
      this.metricsRequests.push(request as MetricsRequest),
    );
    this.#add(TraceService.method.export, (request) =>
      this.traceRequests.push(request as TraceRequest),
    );
    const { tls, clientCa } = options;
    const credentials = tls
      ? ServerCredentials.createSsl(
          clientCa === undefined ? null : readFileSync(clientCa),
          [{ cert_chain: readFileSync(tls.cert), private_key: readFileSync(tls.key) }],
          clientCa !== undefined,
        )
      : ServerCredentials.createInsecure();
    this.port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(`127.0.0.1:${options.port ?? 0}`, credentials, (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
  }

  #add(method: DescMethodUnary, keep: (request: unknown) => void): void {
    this.#server.addService(
      {
        [method.name]: {
          path: `/${method.parent.typeName}/${method.name}`,
          requestStream: false,
          responseStream: false,
          requestSerialize: (value: Uint8Array) => Buffer.from(value),
          requestDeserialize: (bytes: Buffer) => fromBinary(method.input, bytes),
          responseSerialize: (bytes: Uint8Array) => Buffer.from(bytes),
          responseDeserialize: (bytes: Buffer) => bytes,
        },
      },
      {
        [method.name]: (
          call: { request: unknown; metadata: Metadata },
          done: sendUnaryData<Uint8Array>,
        ) => {
          if (this.refuse !== undefined) {
            this.refusals++;
            return done({ code: this.refuse, details: "refused" });
          }
          this.metadata.push(call.metadata);
          keep(call.request);
          done(null, new Uint8Array());
        },
      },
    );
  }

  /** The metrics of the latest request, by name. */
  metrics(): Map<string, Metric> {
    const scopes = this.metricsRequests.at(-1)?.resourceMetrics.flatMap((r) => r.scopeMetrics);
    return new Map(
      scopes?.flatMap(({ metrics }) => metrics).map((metric) => [metric.name, metric]),
    );
  }

  spans(): ReceivedSpan[] {
    return this.traceRequests
      .flatMap(({ resourceSpans }) => resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans)
      .flatMap(({ scope, spans }) =>
        spans.map((span) => ({ ...span, scopeName: scope?.name ?? "" })),
      );
  }

  [Symbol.dispose](): void {
    this.#server.forceShutdown();
  }
}

/** Attributes as a plain object. */
export function plain(attributes: readonly KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value?.value.value]));
}
