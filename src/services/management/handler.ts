import { expositionType } from "../../telemetry/metrics/prometheus.ts";
import { requestPath } from "../../transport/request-path.ts";
import type { Readiness } from "./readiness.ts";

export interface ManagementOptions {
  readonly readiness: Readiness;
  /** In Prometheus' text format. */
  readonly metrics: () => string | Promise<string>;
}

/**
 * Answers `/healthz`, `/readyz` and `/metrics` to any method; undefined: some other path, so that the
 * handler can share its listener.
 */
export function createManagementHandler({
  readiness,
  metrics,
}: ManagementOptions): (request: Request) => Response | Promise<Response> | undefined {
  return (request) => {
    switch (requestPath(request)) {
      case "/healthz":
        return new Response();
      case "/readyz":
        return readyz(readiness);
      case "/metrics":
        return expose(metrics, request);
      default:
        return undefined;
    }
  };
}

/** Some hundred kilobytes in a daemon of many flags, of which gzip leaves a twentieth. */
async function expose(metrics: ManagementOptions["metrics"], request: Request): Promise<Response> {
  const text = await metrics();
  const headers = { "Content-Type": expositionType };
  const accepted = request.headers.get("accept-encoding") ?? "";
  if (!/(?:^|,)\s*gzip\s*(?:,|$|;\s*q=(?!0(?:\.0*)?\s*(?:,|$)))/i.test(accepted)) {
    return new Response(text, { headers });
  }
  const packed = await compress(text);
  return new Response(packed, { headers: { ...headers, "Content-Encoding": "gzip" } });
}

/** Beside the thread that serves. */
async function compress(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const { gzip } = await import("node:zlib");
  return new Promise((resolve, reject) => {
    gzip(text, { level: 1 }, (error, packed) => (error ? reject(error) : resolve(packed)));
  });
}

function readyz(readiness: Readiness): Response {
  switch (readiness.state) {
    case "ready": {
      const restored = readiness.sources.flatMap(({ name, provider, restoredFrom, reason }) =>
        restoredFrom === undefined
          ? []
          : [{ source: name, provider, savedAt: new Date(restoredFrom).toISOString(), reason }],
      );
      if (restored.length === 0) return new Response();
      return Response.json({ status: "ready", restored });
    }
    case "stopping":
      return Response.json({ status: "stopping" }, { status: 503 });
    case "starting":
      return Response.json(
        {
          status: "starting",
          sources: readiness.sources.map(({ name, provider, state, reason }) => ({
            source: name,
            provider,
            state,
            reason,
          })),
        },
        { status: 412 },
      );
  }
}
