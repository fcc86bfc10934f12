import type { CallRecord } from "../core/calls.ts";
import { Code, codeForm } from "../core/errors.ts";
import type { Histogram, HistogramSeries } from "./metrics/instrument.ts";
import type { Registry } from "./metrics/registry.ts";

/** The instrumentation scopes that Go flagd's two ports report as; dashboards may select by them. */
export const rpcScopes = {
  evaluation: "connectrpc.com/otelconnect",
  sync: "go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc",
} as const;

const bounds = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000];

/** The series of RPCs that differ in nothing but time and size. */
export interface RpcSeries {
  readonly duration: HistogramSeries;
  readonly requestSize: HistogramSeries;
  readonly responseSize: HistogramSeries;
  readonly requests: HistogramSeries;
  readonly responses: HistogramSeries;
}

/** RPC metrics of one port. */
export class RpcMetrics {
  readonly #port: keyof typeof rpcScopes;
  readonly #duration: Histogram;
  readonly #requestSize: Histogram;
  readonly #responseSize: Histogram;
  readonly #requests: Histogram;
  readonly #responses: Histogram;

  constructor(registry: Registry, port: keyof typeof rpcScopes) {
    this.#port = port;
    const scope = registry.scope(rpcScopes[port]);
    const histogram = (name: string, description: string, unit: string) =>
      scope.histogram({ name: `rpc.server.${name}`, description, unit }, bounds);
    this.#duration = histogram("duration", "Measures the duration of inbound RPC.", "ms");
    this.#requestSize = histogram(
      "request.size",
      "Measures size of RPC request messages (uncompressed).",
      "By",
    );
    this.#responseSize = histogram(
      "response.size",
      "Measures size of RPC response messages (uncompressed).",
      "By",
    );
    this.#requests = histogram(
      "requests_per_rpc",
      "Measures the number of messages received per RPC.",
      "{count}",
    );
    this.#responses = histogram(
      "responses_per_rpc",
      "Measures the number of messages sent per RPC.",
      "{count}",
    );
  }

  /** @param route `/package.Service/Method` */
  series(call: CallRecord, route: string): RpcSeries {
    const [, service = "", method = ""] = route.split("/");
    const plain = {
      "rpc.system": call.protocol,
      "rpc.service": service,
      "rpc.method": method,
    };
    const detailed = { ...plain, ...rpcStatus(call, String) };
    const ofSize = this.#port === "sync" || call.stream ? plain : detailed;
    return {
      duration: this.#duration.series(detailed),
      requestSize: this.#requestSize.series(ofSize),
      responseSize: this.#responseSize.series(ofSize),
      requests: this.#requests.series(detailed),
      responses: this.#responses.series(detailed),
    };
  }
}

/**
 * How the call ended, as each protocol names it; Connect names errors only. A stream that its client
 * cancels has ended well: clients have no other way to end it.
 * @param form of gRPC's numbers
 */
export function rpcStatus<T>(
  call: CallRecord,
  form: (code: number) => T,
): Readonly<Record<string, T | string>> {
  const { protocol } = call;
  const code = call.code === Code.Canceled && call.stream ? 0 : (call.code ?? 0);
  switch (protocol) {
    case "grpc":
      return { "rpc.grpc.status_code": form(code) };
    case "grpc_web":
      return { "rpc.grpc_web.status_code": form(code) };
    default:
      return code === 0 ? {} : { "rpc.connect_rpc.error_code": codeForm(code).name };
  }
}
