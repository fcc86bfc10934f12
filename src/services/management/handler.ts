import { EXPOSITION_TYPE } from "../../telemetry/metrics/prometheus.ts";
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
        return expose(metrics);
      default:
        return undefined;
    }
  };
}

async function expose(metrics: ManagementOptions["metrics"]): Promise<Response> {
  return new Response(await metrics(), { headers: { "Content-Type": EXPOSITION_TYPE } });
}

function readyz(readiness: Readiness): Response {
  switch (readiness.state) {
    case "ready":
      return new Response();
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
