import type { Registry } from "./metrics/registry.ts";

/** Who opened an event stream. */
export interface EventClient {
  /** The gRPC service's full name, or `ofrep`. */
  readonly service: string;
  /** Absent: the client sees every flag. */
  readonly selector?: string;
}

/** Counts open event streams. What is returned is called when a stream ends, once. */
export function createEventMetrics(registry: Registry): (client: EventClient) => () => void {
  const active = registry.scope("flagd").upDownCounter({
    name: "feature_flag.flagd.event.active_streams",
    description: "Open streams that tell clients of changed flags.",
    unit: "{stream}",
  });
  return ({ service, selector }) => {
    const open = active.series({ service, ...(selector !== undefined && { selector }) });
    open.value++;
    return () => {
      open.value--;
    };
  };
}
