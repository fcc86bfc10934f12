import type { CallRecord } from "../core/calls.ts";
import type {
  Attributes,
  Counter,
  Histogram,
  HistogramSeries,
  NumberSeries,
} from "./metrics/instrument.ts";
import type { Registry } from "./metrics/registry.ts";

/** Seconds. */
const durationBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const responseBounds = [1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
const requestBounds = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000];

/** Other methods are counted as `_OTHER` (OpenTelemetry's semantic conventions for HTTP). */
const knownMethods = new Set("CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE".split(" "));

/** The series of calls that differ in nothing but time and size. */
export interface HttpSeries {
  readonly duration: HistogramSeries;
  readonly responseSize: HistogramSeries;
}

/** HTTP metrics of every listener that speaks HTTP to clients. */
export class HttpMetrics {
  readonly #duration: Histogram;
  readonly #requestSize: Histogram;
  readonly #responseSize: Histogram;
  readonly #active: Counter;

  constructor(registry: Registry) {
    const scope = registry.scope("flagd");
    this.#duration = scope.histogram(
      {
        name: "http.server.request.duration",
        description: "Measures the duration of inbound HTTP requests.",
        unit: "s",
      },
      durationBounds,
    );
    this.#requestSize = scope.histogram(
      {
        name: "http.server.request.body.size",
        description: "Measures the size of HTTP request messages.",
        unit: "By",
      },
      requestBounds,
    );
    this.#responseSize = scope.histogram(
      {
        name: "http.server.response.body.size",
        description: "Measures the size of HTTP response messages.",
        unit: "By",
      },
      responseBounds,
    );
    this.#active = scope.upDownCounter({
      name: "http.server.active_requests",
      description: "Measures the number of concurrent HTTP requests that are currently in-flight.",
      unit: "{request}",
    });
  }

  series(call: CallRecord, route: string, scheme: string): HttpSeries {
    const attributes = callAttributes(call, route, scheme);
    return {
      duration: this.#duration.series(attributes),
      responseSize: this.#responseSize.series(attributes),
    };
  }

  requestSize(call: CallRecord, route: string, scheme: string): HistogramSeries {
    return this.#requestSize.series(callAttributes(call, route, scheme));
  }

  /** To be raised while requests are open: calls are recorded when they end, streams may last for hours. */
  active(httpMethod: string, route: string, scheme: string): NumberSeries {
    return this.#active.series(requestAttributes(httpMethod, route, scheme));
  }
}

function callAttributes(call: CallRecord, route: string, scheme: string): Attributes {
  return {
    ...requestAttributes(call.httpMethod, route, scheme),
    "http.response.status_code": String(call.httpStatus),
  };
}

function requestAttributes(httpMethod: string, route: string, scheme: string): Attributes {
  return {
    "service.name": "flagd",
    "http.route": route,
    "http.request.method": knownMethods.has(httpMethod) ? httpMethod : "_OTHER",
    "url.scheme": scheme,
  };
}
