import { EXPOSITION_TYPE } from "../../telemetry/metrics/prometheus.ts";
import type { Registry } from "../../telemetry/metrics/registry.ts";
import type { Readiness } from "./readiness.ts";

export interface ManagementOptions {
  readonly readiness: Readiness;
  readonly registry: Registry;
}

/**
 * Answers `/healthz`, `/readyz` and `/metrics` to any method; undefined: some other path, so that the
 * handler can share its listener.
 */
export function createManagementHandler({
  readiness,
  registry,
}: ManagementOptions): (request: Request) => Response | undefined {
  return (request) => {
    switch (pathOf(request.url)) {
      case "/healthz":
        return new Response();
      case "/readyz":
        return readyz(readiness);
      case "/metrics":
        return new Response(registry.expose(), { headers: { "Content-Type": EXPOSITION_TYPE } });
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

/** The path of an absolute URL, as sent: parsing it as a URL costs more than the rest of a probe. */
function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return "/";
  const query = url.indexOf("?", start);
  return query < 0 ? url.slice(start) : url.slice(start, query);
}
