import type { CallRecord } from "../core/calls.ts";
import { HttpMetrics, type HttpSeries } from "./http-metrics.ts";
import type { HistogramSeries, NumberSeries } from "./metrics/instrument.ts";
import type { Registry } from "./metrics/registry.ts";
import { RpcMetrics, type RpcSeries } from "./rpc-metrics.ts";

export interface CallMetricsOptions {
  /** Sync speaks gRPC only, OFREP plain HTTP only; evaluation is counted as both. */
  readonly port: "evaluation" | "sync" | "ofrep";
  readonly scheme: "http" | "https";
  readonly routeOf: RouteOf;
}

/** Measures the calls of one listener. */
export interface CallMetrics {
  record(call: CallRecord): void;
  /** Counts requests that stay open: 1 when one is opened, -1 when it is over. */
  opened(httpMethod: string, path: string, change: 1 | -1): void;
}

interface CallSeries {
  readonly http: HttpSeries | undefined;
  /** Of OFREP; for evaluation it is the RPC's. */
  readonly requestSize: HistogramSeries | undefined;
  readonly rpc: RpcSeries | undefined;
}

/** Kept per listener; beyond that, series are looked up for each call. */
const maxKept = 4096;

/** Most calls of a route differ from the one before in nothing that a label says. */
interface LastCall {
  readonly call: CallRecord;
  readonly series: CallSeries;
}

/** A request that is opened is mostly the next to be over. */
interface LastOpened {
  readonly httpMethod: string;
  readonly path: string;
  readonly series: NumberSeries;
}

/**
 * The call metrics of all listeners of a process: one instance, as they share instruments.
 * Paths that are no route are counted as `unknown`.
 */
export function createCallMetrics(
  registry: Registry,
): (options: CallMetricsOptions) => CallMetrics {
  const http = new HttpMetrics(registry);

  return ({ port, scheme, routeOf }) => {
    const rpc = port === "ofrep" ? undefined : new RpcMetrics(registry, port);
    // Bounded by the number of routes.
    const last = new Map<string | undefined, LastCall>();
    const kept = new Map<string, CallSeries>();
    const active = new Map<string, NumberSeries>();
    let lastOpened: LastOpened | undefined;

    const resolve = (call: CallRecord, route: string | undefined): CallSeries => {
      const label = route ?? "unknown";
      if (port !== "sync") http.active(call.httpMethod, label, scheme);
      return {
        http: port === "sync" ? undefined : http.series(call, label, scheme),
        requestSize: port === "ofrep" ? http.requestSize(call, label, scheme) : undefined,
        rpc:
          rpc && route !== undefined && call.code !== undefined
            ? rpc.series(call, route)
            : undefined,
      };
    };

    const find = (call: CallRecord, route: string | undefined): CallSeries => {
      const key = `${call.protocol} ${call.httpMethod} ${call.httpStatus} ${call.code} ${route}`;
      const series = kept.get(key) ?? resolve(call, route);
      if (kept.size < maxKept) kept.set(key, series);
      return series;
    };

    const findActive = (httpMethod: string, path: string): NumberSeries => {
      const label = routeOf(path) ?? "unknown";
      const key = `${httpMethod} ${label}`;
      const series = active.get(key) ?? http.active(httpMethod, label, scheme);
      if (active.size < maxKept) active.set(key, series);
      return series;
    };

    return {
      record(call) {
        const route = routeOf(call.path);
        const known = last.get(route);
        const series = known && alike(known.call, call) ? known.series : find(call, route);
        if (series !== known?.series) last.set(route, { call, series });
        series.http?.duration.observe(call.milliseconds / 1000);
        series.requestSize?.observe(call.requestBytes);
        series.http?.responseSize.observe(call.responseBytes);
        series.rpc?.duration.observe(call.milliseconds);
        series.rpc?.requestSize.observe(call.requestBytes);
        series.rpc?.responseSize.observe(call.responseBytes);
        series.rpc?.requests.observe(1);
        series.rpc?.responses.observe(call.responses ?? 1);
      },
      opened(httpMethod, path, change) {
        if (port === "sync") return;
        if (lastOpened?.path !== path || lastOpened.httpMethod !== httpMethod) {
          lastOpened = { httpMethod, path, series: findActive(httpMethod, path) };
        }
        lastOpened.series.value += change;
      },
    };
  };
}

function alike(a: CallRecord, b: CallRecord): boolean {
  return (
    a.code === b.code &&
    a.httpStatus === b.httpStatus &&
    a.protocol === b.protocol &&
    a.httpMethod === b.httpMethod
  );
}

/** Finds the route of a request's path; undefined: not one of ours. */
export type RouteOf = (path: string) => string | undefined;

/** Paths that are their own routes, such as RPC methods: `/package.Service/Method`. */
export function exactRoutes(paths: Iterable<string>): RouteOf {
  const known = new Set(paths);
  return (path) => (known.has(path) ? path : undefined);
}
