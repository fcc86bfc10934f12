import { isLoopback, showAddress } from "../core/tcp-address.ts";
import { isManagementPath } from "../services/management/management-api.ts";
import { exactRoutes, type RouteOf } from "../telemetry/call-metrics.ts";
import { type HttpHandler, notFoundPage, pathOf } from "../transport/http-handler.ts";
import type { FastPath, ListenAddress } from "../transport/listener.ts";

/** `[::]:8013` or the path of the socket. */
export function showListenAddress(address: ListenAddress): string {
  return "socketPath" in address ? address.socketPath : showAddress(address);
}

/** What listens, with the option that moves it: `evaluation (--port)`. */
export function listenerName(what: string, portOption: string, address: ListenAddress): string {
  // The option of a socket is named after that of the port in whose place it stands.
  const option = "port" in address ? portOption : portOption.replace(/port$/, "socket-path");
  return `${what} (--${option})`;
}

/** The paths of a service's methods, as metrics know them. */
export function routesOf({ unary, streams }: FastPath): RouteOf {
  return exactRoutes([...unary, ...streams].map(({ path }) => path));
}

/**
 * Which listeners other machines can connect to, in words for the log.
 * @param listeners by what they serve
 */
export function reachableFromOutside(listeners: Readonly<Record<string, ListenAddress>>): string {
  const open = Object.entries(listeners)
    .filter(([, address]) => "port" in address && !(address.host && isLoopback(address.host)))
    .map(([what]) => what);
  if (open.length === 0) return "other machines can reach nothing of this";
  return `other machines can reach: ${open.join(", ")} (--listen 127.0.0.1 keeps them out)`;
}

/** What clients ask of the evaluation port that another port serves; undefined: nothing of ours. */
export function hintAtEvaluationPort(path: string): string | undefined {
  if (path.startsWith("/ofrep/")) {
    return "OFREP is served on another port: that of --ofrep-port, 8014 by default";
  }
  if (isManagementPath(path)) {
    return "probes and metrics are served on another port: that of --management-port, 8014 by default";
  }
  return undefined;
}

/** The last handler of an HTTP port: tells clients of gRPC and Connect where they belong. */
const hintAt =
  (ports: string): HttpHandler =>
  ({ target }) =>
    pathOf(target).startsWith("/flagd.")
      ? { ...notFoundPage, body: `404 page not found: ${ports}\n` }
      : undefined;

export const hintAtHttpPorts = hintAt(
  "gRPC and Connect are served on other ports: evaluation on that of --port, 8013 by default, the sync stream on " +
    "that of --sync-port, 8015 by default",
);

export const hintAtRedisSyncManagement = hintAt(
  "the sync stream is served on another port: that of --redis-sync-port, 8016 by default",
);
