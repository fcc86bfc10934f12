import { type HttpHandler, notFoundPage, pathOf } from "../transport/http-handler.ts";

/** What clients ask of the evaluation port that another port serves; undefined: nothing of ours. */
export function hintAtEvaluationPort(path: string): string | undefined {
  if (path.startsWith("/ofrep/")) {
    return "OFREP is served on another port: that of --ofrep-port, 8014 by default";
  }
  if (/^\/(?:healthz|readyz|metrics|status)$/.test(path)) {
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
