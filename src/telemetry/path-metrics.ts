import type { NumberSeries } from "./metrics/instrument.ts";
import type { Registry } from "./metrics/registry.ts";

/** The requests of one port, by the path that they took. */
export interface PathCounts {
  readonly fast: NumberSeries;
  readonly general: NumberSeries;
}

/** Counts what is answered by the fast paths, which cost a fraction of the general one. */
export function createPathMetrics(
  registry: Registry,
): (port: "evaluation" | "sync" | "http") => PathCounts {
  const requests = registry.scope("flagd").counter({
    name: "feature_flag.flagd.requests",
    description: "Measures the number of requests by the path that they take through the server.",
    unit: "{request}",
  });
  return (port) => ({
    fast: requests.series({ port, path: "fast" }),
    general: requests.series({ port, path: "general" }),
  });
}
