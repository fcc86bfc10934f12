import type { Attributes } from "./metrics/instrument.ts";
import type { Registry } from "./metrics/registry.ts";

/** Why a sync stream ended. A client that cancels closes normally. */
export type SyncStreamEnd = "normal_close" | "deadline_exceeded" | "error";

/** Who opened a sync stream; members that the client did not give are absent. */
export interface SyncClient {
  readonly selector?: string;
  readonly providerId?: string;
}

/** Measures one sync stream. */
export interface SyncStreamMetrics {
  sent(bytes: number): void;
  /** To be called once. */
  ended(reason: SyncStreamEnd): void;
}

/** Seconds. */
const durationBounds = [30, 60, 120, 300, 480, 600, 1200, 1800, 3600, 10_800];

/** @param now seconds. Default: the monotonic clock. */
export function createSyncMetrics(
  registry: Registry,
  now: () => number = () => performance.now() / 1000,
): (client: SyncClient) => SyncStreamMetrics {
  const scope = registry.scope("flagd");
  const active = scope.upDownCounter({
    name: "feature_flag.flagd.sync.active_streams",
    description: "Measures the number of currently active gRPC sync streaming connections.",
    unit: "{stream}",
  });
  const duration = scope.histogram(
    {
      name: "feature_flag.flagd.sync.stream.duration",
      description: "Measures the duration of gRPC sync streaming connections.",
      unit: "s",
    },
    durationBounds,
  );
  const sent = scope.counter({
    name: "feature_flag.flagd.sync.sent",
    description: "Measures the size of the flag documents sent to sync streams.",
    unit: "By",
  });

  return ({ selector, providerId }) => {
    const attributes: Attributes = {
      ...(selector !== undefined && { selector }),
      ...(providerId !== undefined && { provider_id: providerId }),
    };
    const start = now();
    const open = active.series(attributes);
    const bytes = sent.series(attributes);
    open.value++;
    return {
      sent(count) {
        bytes.value += count;
      },
      ended(reason) {
        open.value--;
        duration.series({ ...attributes, reason }).observe(now() - start);
      },
    };
  };
}

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
