import { EXPOSITION_TYPE } from "../../telemetry/metrics/prometheus.ts";
import type { Registry } from "../../telemetry/metrics/registry.ts";
import { requestPath } from "../../transport/request-path.ts";
import type { Readiness } from "./readiness.ts";

export interface ManagementOptions {
  readonly readiness: Readiness;
  readonly registry: Registry;
  /** The others are pushed elsewhere: `/metrics` has those of the process only. */
  readonly metricsPushed?: boolean;
}

/**
 * Answers `/healthz`, `/readyz` and `/metrics` to any method; undefined: some other path, so that the
 * handler can share its listener.
 */
export function createManagementHandler({
  readiness,
  registry,
  metricsPushed = false,
}: ManagementOptions): (request: Request) => Response | undefined {
  return (request) => {
    switch (requestPath(request)) {
      case "/healthz":
        return new Response();
      case "/readyz":
        return readyz(readiness);
      case "/metrics":
        return new Response(registry.expose({ processOnly: metricsPushed }), {
          headers: { "Content-Type": EXPOSITION_TYPE },
        });
      default:
        return undefined;
    }
  };
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
